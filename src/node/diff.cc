#include "node/diff.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "node/drift.hh"
#include "node/drift_patch.hh"
#include "node/editing.hh"
#include "node/release_tree.hh"
#include "node/run_place.hh"
#include "phase/history.hh"
#include "tree/stat_index.hh"

#include <fmt/format.h>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Fault;
using text::Value;

[[noreturn]] void fail_without_tree(const Node& node, const std::string& deployment) {
  const auto history = phase::read_history(node.history_path());
  const auto* entry = phase::find_deployment(history, deployment);
  if (entry == nullptr) {
    throw Error(Fault::input, fmt::format("there is no deployment '{}' here", base::printable(deployment)),
                "see `release history`");
  }
  const std::string what = fmt::format("{} {} is no longer in '{}'", entry->version, deployment,
                                       node.root.at(places_of(node.root.layout, deployment).tree).native());
  if (entry->outcome == "good") {
    throw Error(Fault::input, what + ": it was pruned",
                "`release list ARCHIVE` tells what its archive holds; `release pin` keeps a deployment");
  }
  throw Error(Fault::input, fmt::format("{}: it ended {} and was undone", what, entry->outcome),
              fmt::format("`release log {}` tells why", deployment));
}

ReleaseTree read_kept(const Node& node, const std::string& deployment) {
  if (!node.dir.exists(places_of(node.root.layout, deployment).tree)) fail_without_tree(node, deployment);
  return read_release(node, deployment);
}

Value encode(const DeploymentDiff::Side& side) {
  return Value::map({{"deployment", side.deployment}, {"version", side.version}});
}

}  // namespace

RunDiff diff_run(const Node& node) {
  RunDiff diff;
  diff.deployment = require_deployment_in_run(node);
  const auto history = phase::read_history(node.history_path());
  if (const auto* entry = phase::find_deployment(history, diff.deployment)) diff.version = entry->version;
  diff.is_edited = read_editing(node).has_value();
  // What it learns is for the next transaction to keep, which has the lock.
  tree::StatIndex index = tree::StatIndex::load(node.index_path());
  diff.drift = find_drift(node, diff.deployment, index);
  diff.targets = look_at_targets(node, diff.deployment);
  return diff;
}

std::string patch_of(const Node& node, const RunDiff& diff) {
  try {
    return patch_text(node, diff.deployment, diff.drift);
  } catch (const Error& error) {
    node.around.events(
        {base::Event::Kind::warning, "diff", fmt::format("no patch can be made: {}", error.what())});
  }
  std::string lines;
  for (const tree::Difference& difference : diff.drift) lines += fmt::format("# {}\n", difference.describe());
  return lines;
}

DeploymentDiff diff_deployments(const Node& node, const std::string& from,
                                const std::optional<std::string>& to) {
  const std::string other = to ? *to : require_deployment_in_run(node);
  const ReleaseTree before = read_kept(node, from);
  const ReleaseTree after = read_kept(node, other);
  return {{from, before.info.version}, {other, after.info.version}, compare(before.manifest, after.manifest)};
}

Value encode(const RunDiff& diff) {
  return Value::map({{"deployment", diff.deployment},
                     {"version", diff.version},
                     {"edited", diff.is_edited},
                     {"run", encode(diff.drift)},
                     {"targets", encode(diff.targets.differences)}});
}

Value encode(const DeploymentDiff& diff) {
  return Value::map(
      {{"from", encode(diff.from)}, {"to", encode(diff.to)}, {"changes", encode(diff.changes)}});
}

}  // namespace bakehouse::node
