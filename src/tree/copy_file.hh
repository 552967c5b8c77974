// One file copied with the least work that still proves its content. Private to this folder.
#pragma once

#include "base/dir.hh"
#include "tree/entry.hh"
#include "tree/make.hh"

namespace bakehouse::tree {

// How the content came.
enum class Means { cloned, copied };
struct Copied {
  Means means;
  crypto::Digest digest;
};

// Copies `name` of `from` to `name` of `to`, which must not exist, with the mode, time, owner and
// attributes of `entry` (no owner: whoever we are). Content that is not the entry's (a digest of
// zeros: not known yet) is an Error(input): read on its way, or back where extents were shared,
// unless the index knows the source. Holes stay holes. The index learns of the new file.
Copied copy_file(const base::Dir& from, const base::TreePath& name, const base::Dir& to, const Entry& entry,
                 StatIndex* index, Writeback writeback);

// Gives what stands at `name` (a link is not followed) the metadata of `entry`. Set-id bits come last.
void set_metadata(const base::Dir& dir, const base::TreePath& name, const Entry& entry);

}  // namespace bakehouse::tree
