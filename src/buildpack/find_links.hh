// The symbolic links of a tree.
#pragma once

#include "base/dir.hh"

#include <vector>

namespace bakehouse::buildpack {

// All below `tree`, found by listing directories, without a look at what is no link.
std::vector<base::TreePath> find_links(const base::Dir& tree);

}  // namespace bakehouse::buildpack
