// Drift in the form that `git apply` and `patch` read. Private to this folder.
#pragma once

#include "node/node.hh"
#include "tree/diff.hh"

#include <filesystem>
#include <string>
#include <vector>

namespace bakehouse::node {

// Writes what leads from deploy/<deployment>/ to run/, to a file whose path is returned. Of what a patch has
// no word for (files that are no text, directories, owners) it has a line that says so.
std::filesystem::path save_patch(const Node& node, const std::string& deployment,
                                 const std::vector<tree::Difference>& differences);

// The same as a text; it may hold any byte but NUL.
std::string patch_text(const Node& node, const std::string& deployment,
                       const std::vector<tree::Difference>& differences);

}  // namespace bakehouse::node
