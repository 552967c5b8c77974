// The directory in which a bake builds, and the tree that the bake before it has left there.
#pragma once

#include "base/dir.hh"
#include "node/apply.hh"
#include "source/source.hh"

#include <filesystem>
#include <functional>
#include <optional>

namespace bakehouse::bakery {

struct Workspace {
  base::Dir tree;                   // empty
  std::optional<base::Dir> before;  // the tree of the bake before, out of the way
};

// Layers of the tree before are kept for the cache.
Workspace make_workspace(const node::Node& node);
// Fills it from a source. What stands in the tree before as the source still has it becomes part of the new
// one: most files are then neither removed nor written, both of which take longer than all the rest.
// Afterwards there is no tree before any more: what is built would be written into the files of both.
source::Checkout check_out(const node::Node& node, const std::filesystem::path& source,
                           const Workspace& workspace);
// The same for a source of which nothing can be there already.
source::Checkout check_out(const node::Node& node,
                           const std::function<source::Checkout(const base::Dir& to)>& source,
                           const Workspace& workspace);

}  // namespace bakehouse::bakery
