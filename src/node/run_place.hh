// Where the release in service is: in run/ itself, or in the directory that run/ links to.
#pragma once

#include "base/dir.hh"
#include "node/node.hh"

#include <optional>
#include <string>

namespace bakehouse::node {

// The text of the link run/ to project/, while somebody edits.
std::string link_to_source(const config::Layout& layout);

// nullopt when there is no run/, or when it is none of ours: not what the layout says, or a link that leads
// elsewhere.
std::optional<base::TreePath> place_of_run(const Node& node);
// Error(needs_hands) where place_of_run has nothing.
base::Dir open_run(const Node& node);
// The deployment that it says it holds; nullopt when there is none.
std::optional<std::string> deployment_in_run(const Node& node);
// Error(input) when there is none.
std::string require_deployment_in_run(const Node& node);

// The text of the link run/ to that deployment's tree.
std::string link_to_run(const config::Layout& layout, const std::string& deployment);

// Whether a path below run/ is the file system's own, where run/ is one: not the application's, not a
// release's.
bool belongs_to_mount(const Node& node, const base::TreePath& path);

}  // namespace bakehouse::node
