#include "node/run_place.hh"

#include "base/error.hh"
#include "node/editing.hh"
#include "tree/switch.hh"

#include <fmt/format.h>

namespace bakehouse::node {

using base::TreePath;

namespace {

// From where run/ is to the root.
std::string way_up(const config::Layout& layout) {
  std::string up;
  for (size_t i = 1; i < layout.run.parts().size(); ++i) up += "../";
  return up;
}

// What every link to a tree to run begins with; the id follows.
std::string link_prefix(const config::Layout& layout) { return way_up(layout) + layout.runs.str() + "/"; }

}  // namespace

std::string link_to_run(const config::Layout& layout, const std::string& deployment) {
  return link_prefix(layout) + deployment;
}

std::string link_to_source(const config::Layout& layout) { return way_up(layout) + layout.source.str(); }

std::optional<TreePath> place_of_run(const Node& node) {
  const config::Layout& layout = node.root.layout;
  const auto found = node.dir.stat(layout.run);
  if (!found) return std::nullopt;
  if (found->type == base::FileType::symlink && node.dir.read_link(layout.run) == link_to_source(layout))
    return layout.source;
  if (!layout.run_is_link()) {
    if (found->type != base::FileType::directory) return std::nullopt;
    return layout.run;
  }
  if (found->type != base::FileType::symlink) return std::nullopt;
  const std::string target = node.dir.read_link(layout.run);
  const std::string prefix = link_prefix(layout);
  if (!target.starts_with(prefix)) return std::nullopt;
  const std::string id = target.substr(prefix.size());
  if (!is_deployment_id(id)) return std::nullopt;
  return places_of(layout, id).next;
}

base::Dir open_run(const Node& node) {
  if (const auto place = place_of_run(node)) return node.dir.open_dir(*place);
  throw base::Error(base::Fault::needs_hands,
                    fmt::format("'{}' is no tree of ours", node.root.at(node.root.layout.run).native()),
                    "put back what belongs there; `release history` tells which");
}

std::optional<std::string> deployment_in_run(const Node& node) {
  const auto place = place_of_run(node);
  if (!place) return std::nullopt;
  // What the source holds is anybody's work.
  if (const auto editing = read_editing(node)) return editing->deployment;
  return deployment_in(node.dir, *place);
}

std::string require_deployment_in_run(const Node& node) {
  if (auto deployment = deployment_in_run(node)) return *std::move(deployment);
  throw base::Error(base::Fault::input, "nothing is deployed here", "apply a release first");
}

bool belongs_to_mount(const Node& node, const TreePath& path) {
  const TreePath rescued = TreePath::parse("lost+found");  // of ext4, at the top of each
  const TreePath& run = node.root.layout.run;
  return path.is_within(rescued) && !node.root.layout.run_is_link() && tree::is_mount_point(node.dir, run);
}

}  // namespace bakehouse::node
