// Strict synchronisation in place, for a run/ whose inode must stay: what `rsync -aHAX --delete` gives,
// decided by content and not by size and time, and with a way back.
//
//   stage_sync     everything that will be needed lies in the log, durable; the tree is untouched
//   perform_sync   the tree becomes the wanted one, each path by one rename
//   discard_sync   there is no way back any more
//   undo_sync      instead: the tree is what it was, however far the others had come
//
// Whoever reads meanwhile sees a mixture. The top's own mode, owner and time are left alone. Owners are given
// by root only. After an undo that was cut off only an undo may follow. An index that knew the files still
// does.
#pragma once

#include "base/dir.hh"
#include "tree/scan.hh"

namespace bakehouse::tree {

struct SyncRequest {
  const base::Dir& from;
  const Manifest& wanted;  // what `from` holds; found with the same exclusions as `there`
  const base::Dir& to;
  const Scan& there;     // what `to` holds; what that scan left out is protected and stays as it is
  const base::Dir& log;  // empty, 0700, on the mount of `to` and not within it unless protected
  // A difference in time alone is none.
  enum class Times { wanted, any } times = Times::wanted;
  StatIndex* index = nullptr;
  unsigned workers = 0;
};

struct SyncCounts {
  uint64_t added = 0;  // a directory with all it holds counts once
  uint64_t replaced = 0;
  uint64_t removed = 0;
  uint64_t adjusted = 0;  // permissions or time alone; of directories also owner and attributes
};

// Error(input) where a protected path is in the way of what is wanted.
SyncCounts stage_sync(const SyncRequest& request);
// May be called again after it was cut off.
void perform_sync(const base::Dir& to, const base::Dir& log, StatIndex* index = nullptr);
void discard_sync(const base::Dir& log);
// Empties the log. Where nothing was staged completely there is nothing to undo. Error(needs_hands)
// names what is neither as it was nor as it was to be; the rest is undone and the log is kept.
void undo_sync(const base::Dir& to, const base::Dir& log, StatIndex* index = nullptr);

}  // namespace bakehouse::tree
