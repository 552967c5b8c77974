// A file that something keeps writing to, copied all the same. Private to this folder.
#pragma once

#include "base/dir.hh"
#include "tree/entry.hh"

namespace bakehouse::tree {

// As much as `entry` says is there, as it was read: its parts may be of different moments. Puts size and
// digest of the copy into `entry`, whose metadata it is given.
void copy_torn(const base::Dir& from, const base::TreePath& name, const base::Dir& to, Entry& entry);

}  // namespace bakehouse::tree
