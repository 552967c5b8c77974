// A new tree written from a manifest: linked, cloned or copied, every byte accounted for.
#pragma once

#include "base/dir.hh"
#include "tree/manifest.hh"
#include "tree/stat_index.hh"

#include <functional>

namespace bakehouse::tree {

// Whether a file may stand in both trees as one inode.
using MayShare = std::function<bool(const Entry& wanted, const base::FileStat& there)>;

// A tree that is there already and may lend its files: a file equal in content, mode, owner and
// attributes is linked and not copied.
struct Lender {
  const base::Dir& dir;
  const Manifest& manifest;  // what `dir` should hold; what it does not hold is not lent
  MayShare may_share;        // called from several threads at once
  // A file whose time alone differs is lent too, and keeps the time it has.
  enum class Times { equal, any } times = Times::equal;
};

// When the disk begins to write: at once, for a caller who syncs next, or when the kernel sees fit.
enum class Writeback { later, now };

struct MakeOptions {
  const Lender* lender = nullptr;
  // Spares reading what is linked and what is copied where it knows the file; learns of all that is made.
  StatIndex* index = nullptr;
  Writeback writeback = Writeback::later;
  unsigned workers = 0;
};

struct Made {
  uint64_t linked = 0;  // files
  uint64_t cloned = 0;
  uint64_t copied = 0;
  uint64_t bytes_copied = 0;
};

// Writes what `manifest` lists from `from` into `to`, where none of it exists yet. A file that is
// not what the manifest says is an Error(input). Entries without an owner belong to whoever we are.
// Until the end `to` itself is closed to others; then it has its mode again, without a set-group-id bit or a
// default ACL. Nothing is durable before the caller syncs.
Made make_tree(const base::Dir& from, const Manifest& manifest, const base::Dir& to,
               const MakeOptions& options = {});

// The same for a manifest that does not know all digests yet (zeros): puts in what was written.
Made make_tree_learning(const base::Dir& from, Manifest& manifest, const base::Dir& to,
                        const MakeOptions& options = {});

// The pieces, for writers whose content comes from elsewhere (an archive).
// Everything but regular files; directories stay closed to others until `finish`.
void make_directories_and_links(const Manifest& manifest, const base::Dir& to);
// The final metadata of directories, innermost first.
void finish_directories(const Manifest& manifest, const base::Dir& to);

}  // namespace bakehouse::tree
