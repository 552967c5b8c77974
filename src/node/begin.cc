#include "node/begin.hh"

#include "artifact/metadata.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "node/configuration.hh"
#include "node/freeze.hh"
#include "node/preflight.hh"
#include "node/provisional.hh"
#include "node/release_tree.hh"
#include "node/run_place.hh"
#include "text/json.hh"

#include <fmt/format.h>

namespace bakehouse::node {

using text::Value;

namespace {

// Another one whenever the path was touched.
std::string sign_of(const Node& node, const tree::Difference& difference) {
  const base::Dir run = open_run(node);
  std::optional<base::FileStat> found;
  try {
    found = run.stat(difference.path);
  } catch (const base::Error&) {
    // What holds it is no directory any more, which is a difference of its own.
  }
  const std::string stamp =
      found ? fmt::format("{} {}.{}", found->inode, found->ctime.seconds, found->ctime.nanoseconds)
            : std::string();
  return fmt::format("{} {} {}", tree::word_for(difference.kind), base::printable(difference.path.str()),
                     stamp);
}

}  // namespace

Plan begin_plan(const Node& node, std::string kind, const std::vector<phase::HistoryEntry>& history) {
  Plan plan;
  plan.kind = std::move(kind);
  plan.id = make_deployment_id(node.around.clock);
  plan.previous = deployment_in_run(node).value_or("");
  if (const auto* previous = phase::find_deployment(history, plan.previous))
    plan.previous_version = previous->version;
  plan.who = phase::describe_user();
  plan.began = node.around.clock.seconds();
  return plan;
}

Plan begin_apply(const Node& node, const artifact::Archive& archive, const crypto::TrustPolicy& policy,
                 const ApplyOptions& options, const std::vector<phase::HistoryEntry>& history) {
  require_not_frozen(node);
  require_not_editing(node);
  require_not_provisional(node);
  const Usage data = check_archive(node, archive, policy, options);
  check_root(node);
  Plan plan = begin_plan(node, "apply", history);
  plan.data = data;
  plan.parent = plan.previous;
  plan.version = archive.info.version;
  plan.sequence = archive.info.sequence;
  plan.manifest = archive.info.manifest.digest.hex();
  plan.settings = options.settings;
  plan.keeps_drift = options.drift == DriftChoice::keep && !plan.previous.empty();
  plan.confirm_within = options.confirm_within;
  if (plan.confirm_within.count() != 0 && plan.previous.empty()) {
    throw base::Error(base::Fault::refused, "nothing is in service that a first release could go back to",
                      "apply it without --confirm-within");
  }
  return plan;
}

bool is_in_service(const Node& node, const artifact::Archive& archive, const Plan& plan) {
  if (plan.previous.empty()) return false;
  const base::TreePath tree = places_of(node.root.layout, plan.previous).tree;
  const base::TreePath signed_file = tree / artifact::metadata_path().str() / "release.json";
  // It binds all that belongs to the release.
  if (!node.dir.exists(signed_file) ||
      node.dir.read_file(signed_file, artifact::largest_release) != archive.release_json)
    return false;
  return text::to_json(merge_configuration(node, plan.previous, plan.settings)) ==
             text::to_json(read_merged_configuration(node, plan.previous)) &&
         is_as_kept(node, plan.previous);
}

std::string plan_id(const Node& node, const artifact::Archive& archive, const Plan& plan,
                    const std::vector<tree::Difference>& drift, const TargetLook& targets) {
  constexpr uint64_t largest_node_file = 1 << 20;
  constexpr size_t digits = 16;
  Value changes = Value::list();
  for (const tree::Difference& difference : drift) changes.push(sign_of(node, difference));
  const auto node_file = base::read_file_if_any(node.root.path / "node.yaml", largest_node_file);
  const Value facts = Value::map({{"release", crypto::sha256(archive.release_json).hex()},
                                  {"previous", plan.previous},
                                  {"settings", text::list_of(plan.settings)},
                                  {"node", node_file ? crypto::sha256(*node_file).hex() : std::string()},
                                  {"pillar", digest_of(node, present_configuration(node))},
                                  {"drift", changes},
                                  {"targets", encode(targets.differences)}});
  return crypto::sha256(text::to_json(facts)).hex().substr(0, digits);
}

}  // namespace bakehouse::node
