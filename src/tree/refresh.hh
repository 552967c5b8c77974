// A copy of a directory brought up to what the directory is now, path by path: what is unchanged stays, and
// what an earlier copy holds is linked.
#pragma once

#include "tree/make.hh"

#include <vector>

namespace bakehouse::tree {

// What becomes of a file that something writes to, or takes away, while it is copied.
enum class Busy {
  fail,   // Error(input): nobody was to write there any more
  leave,  // it is not in the copy; another pass follows
  take,   // as it was read, if it does not come to rest
};

struct RefreshOptions {
  const Lender* lender = nullptr;
  // Whose files of `from` are not read again. They are entered only when no write to them, not even through a
  // mapping, can be hidden from a later look. Null where times tell nothing: then all is read.
  StatIndex* seen = nullptr;
  // Of the copies that the lender holds and of those that are made; may be the same.
  StatIndex* made = nullptr;
  Busy busy = Busy::fail;
  unsigned workers = 0;
};

struct Refreshed {
  Manifest manifest;                     // of the copy
  std::vector<base::TreePath> specials;  // left out
  std::vector<base::TreePath> busy;      // left, or taken as they were read
  Made made;                             // in this pass
};

// `to` holds `held`, as an earlier pass returned it, and nothing at first. Its directories stay closed to
// others until finish_directories. Nothing is durable before the caller syncs.
Refreshed refresh(const base::Dir& from, const Manifest& held, const base::Dir& to,
                  const RefreshOptions& options);

}  // namespace bakehouse::tree
