// Removing a tree whose files may live on in others.
#pragma once

#include "base/dir.hh"
#include "tree/stat_index.hh"

namespace bakehouse::tree {

// Removes what stands at `path`, as Dir::remove_tree does, and keeps what `index` knows of files
// that have other names: their ctime changes when this one goes.
void remove_tree(const base::Dir& root, const base::TreePath& path, StatIndex& index);

}  // namespace bakehouse::tree
