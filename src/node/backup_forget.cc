#include "node/backup_forget.hh"

#include "base/error.hh"
#include "base/files.hh"
#include "node/backups.hh"
#include "node/disk_usage.hh"
#include "node/preflight.hh"
#include "node/prune.hh"
#include "node/release_tree.hh"
#include "node/retention.hh"
#include "node/run_place.hh"
#include "text/json.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Fault;
using State = Backup::State;
using Reasons = std::map<std::string, std::vector<std::string>>;

config::BackupRule rule_in_force(const Node& node) {
  const auto current = deployment_in_run(node);
  return current ? read_configuration(node, *current).backups : config::BackupRule();
}

// Newest first; what is known to be damaged counts for none.
std::vector<Dated> good_ones(const std::vector<Backup>& backups) {
  std::vector<Dated> good;
  for (auto backup = backups.rbegin(); backup != backups.rend(); ++backup) {
    if (backup->state == State::complete) good.push_back({backup->id, backup->record.time});
  }
  return good;
}

// Whatever any rule says.
Reasons always_kept(const Node& node, const std::vector<Backup>& backups) {
  Reasons reasons;
  const auto good = good_ones(backups);
  if (!good.empty()) reasons[good.front().id].emplace_back("the newest good one");
  for (const auto& [id, reason] : needed_deployments(node)) {
    if (!id.empty()) reasons[id].push_back(reason);
  }
  return reasons;
}

ForgetPlan plan_by_rule(const Node& node, const std::vector<Backup>& backups) {
  const config::BackupRule rule = rule_in_force(node);
  ForgetPlan plan;
  plan.has_no_rule = rule.is_empty();
  Reasons reasons = always_kept(node, backups);
  for (auto& [id, more] : reasons_by_rule(rule, good_ones(backups), node.around.clock.seconds()))
    reasons[id].insert(reasons[id].end(), more.begin(), more.end());
  for (const Backup& backup : backups) {
    if (backup.state == State::forgotten || backup.state == State::unfinished) continue;
    std::vector<std::string> why = reasons[backup.id];
    if (plan.has_no_rule) why.emplace_back("there is no rule");
    // Somebody may still want what is whole of it.
    if (backup.state == State::damaged) why.emplace_back("damaged: it goes only by name");
    if (why.empty()) {
      plan.forgotten.push_back(backup.id);
    } else {
      plan.kept.push_back({backup.id, std::move(why)});
    }
  }
  return plan;
}

ForgetPlan plan_by_name(const Node& node, const std::vector<Backup>& backups,
                        const std::vector<std::string>& ids) {
  ForgetPlan plan;
  const Reasons reasons = always_kept(node, backups);
  for (const std::string& id : ids) {
    const Backup backup = find_backup(node, id);
    const auto reason = reasons.find(id);
    if (reason != reasons.end()) {
      throw Error(Fault::refused,
                  fmt::format("the backup {} is kept: {}", id, fmt::join(reason->second, ", ")),
                  "`release backup create` takes a newer one; a rollback's goes when that is over");
    }
    if (backup.state != State::forgotten) plan.forgotten.push_back(id);
  }
  return plan;
}

void mark(const Node& node, const std::string& id) {
  const text::Value facts = text::Value::map({{"time", node.around.clock.seconds()}});
  base::write_file(node.root.at(places_of(node.root.layout, id).backup / "forgotten.json"),
                   text::to_json(facts) + "\n", 0600);
}

void remove(const Node& node, const std::string& id) {
  for (const auto& part : parts_of_backup(places_of(node.root.layout, id))) node.dir.remove_tree(part);
  const auto backup = places_of(node.root.layout, id).backup;
  const auto left = node.dir.open_dir_if_any(backup);
  if (left && left->names().empty()) node.dir.remove_tree(backup);
}

}  // namespace

text::Value encode(const ForgetPlan& plan) {
  text::Value kept = text::Value::list();
  for (const KeptBackup& one : plan.kept)
    kept.push(text::Value::map({{"id", one.id}, {"reasons", text::list_of(one.reasons)}}));
  return text::Value::map(
      {{"kept", kept}, {"forgotten", text::list_of(plan.forgotten)}, {"has_no_rule", plan.has_no_rule}});
}

ForgetPlan forget_backups(const Node& node, const std::vector<std::string>& ids, bool only_tell) {
  std::optional<phase::Lock> lock;
  if (!only_tell) lock.emplace(node.lock_switch("release backup forget"));
  check_owners(node);
  const auto backups = list_backups(node);
  ForgetPlan plan = ids.empty() ? plan_by_rule(node, backups) : plan_by_name(node, backups, ids);
  if (only_tell) return plan;
  for (const std::string& id : plan.forgotten) mark(node, id);
  return plan;
}

PrunedBackups prune_backups(const Node& node, bool only_tell) {
  std::optional<phase::Lock> lock;
  if (!only_tell) lock.emplace(node.lock_switch("release backup prune"));
  check_owners(node);
  const auto needed = needed_deployments(node);
  PrunedBackups pruned;
  for (const Backup& backup : list_backups(node)) {
    if (backup.state != State::forgotten && backup.state != State::unfinished) continue;
    if (needed.contains(backup.id)) continue;  // since it was marked
    // One after the other: what two of them share is freed by the second.
    for (const auto& part : parts_of_backup(places_of(node.root.layout, backup.id)))
      pruned.bytes += usage_of(node.root.at(part), Counted::freed).bytes;
    if (!only_tell) remove(node, backup.id);
    pruned.ids.push_back(backup.id);
  }
  return pruned;
}

}  // namespace bakehouse::node
