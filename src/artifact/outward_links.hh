// Which links lead out of their tree, followed as the kernel would.
#pragma once

#include "tree/manifest.hh"

#include <cstddef>
#include <vector>

namespace bakehouse::artifact {

// The places in `entries` of the links that are absolute, or step above the top of the tree on any way that
// their parts and the links among them take; rising. Names that the tree does not hold are directories in
// this, since somebody may make them. What links follow for ever leads nowhere.
// Every target is read once, however many links lead through it.
std::vector<size_t> find_outward_links(const tree::Manifest& manifest);

}  // namespace bakehouse::artifact
