// Twins before the digests are known. Private to this folder.
#pragma once

#include "base/dir.hh"
#include "tree/manifest.hh"

#include <cstdint>
#include <vector>

namespace bakehouse::artifact {

// What find_twins will give when all digests are known. Only files that could have a twin are read,
// and only those that have one are digested: their content does not pass by when the tree is packed.
std::vector<uint32_t> find_equal(const base::Dir& tree, tree::Manifest& manifest, unsigned workers);

}  // namespace bakehouse::artifact
