#include "node/prune.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "node/announce.hh"
#include "node/apply.hh"
#include "node/backup_record.hh"
#include "node/disk_usage.hh"
#include "node/in_use.hh"
#include "node/preflight.hh"
#include "node/release_tree.hh"
#include "node/retention.hh"
#include "node/run_place.hh"
#include "node/transaction.hh"
#include "phase/journal.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Event;
using base::Fault;
using base::TreePath;
using phase::HistoryEntry;
using text::Value;

TreePath logs_directory() { return TreePath::parse(".bakehouse/logs/deployments"); }

// Below the directories of one deployment.
struct Leavings {
  std::vector<TreePath> content;
  std::vector<TreePath> data;
};

Leavings leavings_of(const Node& node, const std::string& deployment, Urgency urgency) {
  const Places places = places_of(node.root.layout, deployment);
  const auto there = [&](std::vector<TreePath> paths) {
    std::erase_if(paths, [&](const TreePath& path) { return !node.dir.exists(path); });
    return paths;
  };
  const TreePath state = TreePath::parse(".bakehouse");
  std::vector<TreePath> data = parts_of_backup(places);
  // What visitors were thanked for and undo took away has no other copy: no rule removes it.
  if (urgency == Urgency::emergency) data.push_back(places.backup / "data.failed");
  std::vector<TreePath> content{places.tree,
                                places.backup / "run",
                                places.backup / "run.failed",
                                places.records,
                                state / "drift" / (deployment + ".patch"),
                                logs_directory() / (deployment + ".log")};
  if (node.root.layout.run_is_link()) content.push_back(places.next);
  return {there(std::move(content)), there(std::move(data))};
}

// Edits and restores are in no history. Their logs go with those of the deployments between which they were.
std::vector<std::string> logs_before(const Node& node, const std::string& oldest_kept,
                                     const std::vector<HistoryEntry>& history) {
  std::vector<std::string> ids;
  const auto directory = node.dir.open_dir_if_any(logs_directory());
  if (!directory) return ids;
  for (const std::string& name : directory->names()) {
    const std::string id = name.substr(0, name.rfind('.'));
    if (is_deployment_id(id) && id < oldest_kept && phase::find_deployment(history, id) == nullptr)
      ids.push_back(id);
  }
  return ids;
}

TreePath pins() { return TreePath::parse(".bakehouse/pins"); }

std::set<std::string> pinned(const Node& node) {
  const auto dir = node.dir.open_dir_if_any(pins());
  if (!dir) return {};
  const auto names = dir->names();
  return {names.begin(), names.end()};
}

// Why each is kept, whatever the rule says. What recovery may return to is as good as in service.
std::map<std::string, std::string> needed(const Node& node, const std::vector<HistoryEntry>& history,
                                          const std::string& current) {
  std::map<std::string, std::string> reasons;
  for (const std::string& id : pinned(node)) reasons.emplace(id, "pinned");
  const auto records = phase::Journal::read(node.journal_path());
  if (is_open(records)) {
    const Plan plan = decode_plan(records.front().facts);
    for (const std::string& id : {plan.id, plan.previous, plan.target, plan.parent})
      reasons.emplace(id, "an open transaction needs it");
    if (const auto* before = phase::find_deployment(history, plan.previous))
      reasons.emplace(before->parent, "an open transaction needs it");
  }
  reasons.insert_or_assign(current, "in service");
  if (const auto* now = phase::find_deployment(history, current))
    reasons.insert_or_assign(now->parent, "the next rollback goes there");
  return reasons;
}

uint64_t bytes_below(const Node& node, const std::vector<TreePath>& paths) {
  Usage usage;
  for (const TreePath& path : paths) usage += usage_of(node.root.at(path), Counted::freed);
  return usage.bytes;
}

bool is_used(const PathsInUse& used, const Leavings& leavings) {
  const auto is_within = [&](const TreePath& path) { return used.within(path); };
  return std::ranges::any_of(leavings.content, is_within) || std::ranges::any_of(leavings.data, is_within);
}

config::Keep rule_of(const Node& node, const std::string& current, Urgency urgency) {
  if (urgency == Urgency::by_rule) return read_configuration(node, current).keep;
  config::KeepRule least;
  least.last = 1;
  return {least, least};
}

std::string in_words(const Removal& removal) {
  const char* what = removal.content ? (removal.data ? "all" : "its content") : "its copies of data";
  return fmt::format("{} {}: {}, {} bytes", removal.version, removal.deployment, what, removal.bytes);
}

}  // namespace

Value encode(const PrunePlan& plan) {
  Value removals = Value::list();
  for (const Removal& removal : plan.removals) {
    removals.push(Value::map({{"deployment", removal.deployment},
                              {"version", removal.version},
                              {"content", removal.content},
                              {"data", removal.data},
                              {"bytes", removal.bytes}}));
  }
  return Value::map(
      {{"removals", removals}, {"kept", text::list_of(plan.kept)}, {"logs", text::list_of(plan.logs)}});
}

std::map<std::string, std::string> needed_deployments(const Node& node) {
  const auto current = deployment_in_run(node);
  return needed(node, phase::read_history(node.history_path()), current.value_or(""));
}

PrunePlan plan_prune(const Node& node, Urgency urgency) {
  PrunePlan plan;
  plan.urgency = urgency;
  const auto current = deployment_in_run(node);
  if (!current) return plan;
  const auto history = phase::read_history(node.history_path());
  const config::Keep keep = rule_of(node, *current, urgency);
  const auto keeps_content = kept_by(keep.content, history);
  const auto keeps_data = kept_by(keep.data, history);
  const auto reasons = needed(node, history, *current);
  std::optional<PathsInUse> used;  // all of /proc is read only when there is something to remove
  for (const HistoryEntry& entry : history) {
    Leavings leavings = leavings_of(node, entry.deployment, urgency);
    if (keeps_content.contains(entry.deployment)) leavings.content.clear();
    if (keeps_data.contains(entry.deployment)) leavings.data.clear();
    if (leavings.content.empty() && leavings.data.empty()) continue;
    const auto reason = reasons.find(entry.deployment);
    if (reason == reasons.end() && !used) used.emplace(node);
    if (reason != reasons.end() || is_used(*used, leavings)) {
      plan.kept.push_back(fmt::format("{} {}: {}", entry.version, entry.deployment,
                                      reason != reasons.end() ? reason->second : "a process uses it"));
      continue;
    }
    plan.removals.push_back({entry.deployment, entry.version, !leavings.content.empty(),
                             !leavings.data.empty(),
                             bytes_below(node, leavings.content) + bytes_below(node, leavings.data)});
  }
  plan.logs = logs_before(node, keeps_content.empty() ? *current : *keeps_content.begin(), history);
  return plan;
}

bool is_pinned(const Node& node, const std::string& deployment) {
  return node.dir.exists(pins() / deployment);
}

void prune(const Node& node, const PrunePlan& plan) {
  check_owners(node);
  for (const Removal& removal : plan.removals) {
    const Leavings leavings = leavings_of(node, removal.deployment, plan.urgency);
    if (removal.content)
      for (const TreePath& path : leavings.content) node.dir.remove_tree(path);
    if (removal.data)
      for (const TreePath& path : leavings.data) node.dir.remove_tree(path);
    const TreePath backup = places_of(node.root.layout, removal.deployment).backup;
    const auto left = node.dir.open_dir_if_any(backup);
    if (left && left->names().empty()) node.dir.remove_tree(backup);
    node.around.events({Event::Kind::note, "prune", "pruned " + in_words(removal)});
  }
  for (const std::string& id : plan.logs) node.dir.remove_tree(logs_directory() / (id + ".log"));
  if (!plan.logs.empty())
    node.around.events({Event::Kind::note, "prune",
                        fmt::format("pruned {} log{} of edits and restores", plan.logs.size(),
                                    plan.logs.size() == 1 ? "" : "s")});
}

PrunePlan prune_under_lock(const Node& node, Urgency urgency) {
  return with_switch_lock(node, "release prune", [&] {
    // Recovery writes, for which a full disk has no room yet; what it needs no pruning removes.
    if (urgency == Urgency::by_rule) require_settled(node);
    PrunePlan plan = plan_prune(node, urgency);
    prune(node, plan);
    if (urgency == Urgency::emergency) require_settled(node);
    return plan;
  });
}

void prune_by_rule(const Node& node) {
  try {
    prune(node, plan_prune(node, Urgency::by_rule));
  } catch (const std::exception& error) {
    node.around.events({Event::Kind::warning, "prune", error.what()});
  }
}

bool pin(const Node& node, const std::string& deployment) {
  return with_switch_lock(node, "release pin", [&] {
    require_settled(node);
    if (!node.dir.exists(places_of(node.root.layout, deployment).tree)) {
      throw Error(Fault::input, fmt::format("there is no deployment '{}' here", base::printable(deployment)),
                  "see `release history`");
    }
    if (is_pinned(node, deployment)) return false;
    node.dir.make_dirs(pins(), 0755);
    node.dir.create_file(pins() / deployment, 0644);
    return true;
  });
}

bool unpin(const Node& node, const std::string& deployment) {
  return with_switch_lock(node, "release pin", [&] {
    require_settled(node);
    const TreePath pin = pins() / places_of(node.root.layout, deployment).id;
    if (!node.dir.exists(pin)) return false;
    node.dir.remove_file(pin);
    return true;
  });
}

}  // namespace bakehouse::node
