// What the processes of this machine still use of a root. Private to this folder.
#pragma once

#include "base/tree_path.hh"
#include "node/node.hh"

#include <functional>
#include <vector>

namespace bakehouse::node {

// Whether a process works in the tree, runs its program from there, or has a file of it open or mapped. Of
// processes of other users an ordinary user sees nothing.
class PathsInUse {
 public:
  explicit PathsInUse(const Node& node);
  bool within(const base::TreePath& tree) const;

 private:
  std::vector<std::string> paths_;  // relative to the root, sorted
};

}  // namespace bakehouse::node
