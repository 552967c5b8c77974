// Extended attributes and ACLs of files, directories and links.
#pragma once

#include "base/dir.hh"
#include "tree/entry.hh"

namespace bakehouse::tree {

// Those that belong to a tree and not to its host: user.*, file capabilities, POSIX ACLs. Labels of
// the host's policy (security.selinux) and what needs trust to read (trusted.*) stay behind. `name`
// stands in `dir` itself, or is the top for `dir`. Reached through /proc. A file system without attributes
// has none.
Attributes read_attributes(const base::Dir& dir, const base::TreePath& name);
// Makes them exactly `wanted`; what is there and not wanted is removed.
void write_attributes(const base::Dir& dir, const base::TreePath& name, const Attributes& wanted);

}  // namespace bakehouse::tree
