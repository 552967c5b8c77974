// Where a path of a tree leads when links are followed, by somebody who must not leave the tree.
#pragma once

#include "launch/layer_env.hh"

namespace bakehouse::launch {

struct Followed {
  enum class Kind { nothing, outside, file, directory, other } kind = Kind::nothing;
  base::TreePath path;  // without links; of a file, a directory or other things
};

// Looks only at the tree: what lies outside may be another thing where programs see it. Whoever
// changes the tree meanwhile cannot lead a later `Dir` call on the path out of it.
Followed follow(const LayerTree& tree, const base::TreePath& path);

}  // namespace bakehouse::launch
