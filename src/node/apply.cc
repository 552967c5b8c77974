#include "node/apply.hh"

#include "artifact/metadata.hh"
#include "artifact/read.hh"
#include "artifact/read_tree.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "node/announce.hh"
#include "node/begin.hh"
#include "node/deployment_log.hh"
#include "node/drift.hh"
#include "node/finish.hh"
#include "node/hooks.hh"
#include "node/preflight.hh"
#include "node/provisional.hh"
#include "node/prune.hh"
#include "node/release_tree.hh"
#include "node/run_place.hh"
#include "node/services.hh"
#include "node/switch.hh"
#include "node/target_drift.hh"
#include "phase/hooks.hh"
#include "phase/lock.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::node {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Event;
using base::Fault;
using Kind = phase::Record::Kind;

// After the transaction is closed: what fails here changes nothing any more.
void run_closing_hook(Transaction& t, const std::string& phase) {
  const Node& node = t.node;
  try {
    run_phase_hooks(node,
                    {phase, t.plan.id, release_of(t, t.plan.id), t.plan.id, t.plan.previous_version,
                     node.root.at(node.root.layout.run), t.places.backup},
                    nullptr, node.around);
  } catch (const std::exception& error) {
    node.around.events({Event::Kind::warning, phase, error.what()});
  }
}

std::string in_service(const Transaction& t) { return t.plan.version + " is in service"; }

Result run_transaction(const Node& node, const Plan& plan, const artifact::Archive* archive,
                       tree::StatIndex index) {
  auto services = open_services_anew(node);
  phase::Journal journal = phase::Journal::create(node.journal_path(), encode(plan), plan.began);
  Transaction transaction = make_transaction(node, plan, archive, journal, std::move(services));
  transaction.index = std::move(index);
  const auto reversal = phase::run_steps(journal, make_steps(transaction), node.around);
  if (reversal) return finish_reverted(transaction, *reversal);
  Result result = conclude(transaction, in_service(transaction));
  run_closing_hook(transaction, "post_install");
  // Who goes back is in need, and the older release may have another rule.
  if (plan.kind == "apply") prune_by_rule(node);
  return result;
}

Result carry_out(const Node& node, const Plan& plan, const artifact::Archive* archive,
                 tree::StatIndex index) {
  DeploymentLog log(node, plan);
  Result result = run_transaction(log.watch(node), plan, archive, std::move(index));
  log.end(result);
  return result;
}

// Before recovery touches anything. What run/ holds is never inferred from what was done.
void require_known_run(const Node& node, const Plan& plan, const phase::Journal& journal) {
  const bool is_fresh = serving(node, plan) == Serving::fresh;
  if (!makes_deployment(plan.kind) && !is_fresh) return;  // the release stays what it is
  if (is_fresh ? journal.has(Kind::begin, "deploy") : !journal.has(Kind::commit)) return;
  throw Error(Fault::needs_hands,
              fmt::format("'{}' holds the {} deployment, which the journal excludes",
                          node.root.at(node.root.layout.run).native(), is_fresh ? "new" : "old"),
              "see `release history`, then put the other one there");
}

// Before recovery touches anything, too.
void require_safe(const Node& node, const Plan& plan, phase::Journal& journal) {
  try {
    phase::end_recorded_processes(journal, hook_marks(node), node.around);
    require_known_run(node, plan, journal);
  } catch (const Error& error) {
    Transaction untouched = make_transaction(node, plan, nullptr, journal, nullptr);
    untouched.is_taken_up = true;
    announce_needs_hands(untouched, "", error.what());
    throw;
  }
}

Result take_up(const Node& node, const Plan& plan, phase::Journal& journal) {
  require_safe(node, plan, journal);
  Transaction transaction = make_transaction(node, plan, nullptr, journal, open_services(node));
  transaction.is_taken_up = true;
  if (journal.has(Kind::commit)) return conclude(transaction, in_service(transaction));
  return finish_reverted(transaction, phase::undo_steps(journal, make_steps(transaction), node.around));
}

// What an earlier transaction left comes first: the node must be whole before it changes again.
void require_recovered(const Node& node) {
  const auto recovered = recover(node);
  if (recovered && recovered->outcome == "needs-hands") throw Error(*recovered->error);
}

// The last look before anything is touched: at what somebody has changed, and at what was planned. Returns
// whether run/ and the files outside of the root are what they should be, as far as anybody looked.
bool require_drift_settled(const Node& node, const artifact::Archive& archive, const Plan& plan,
                           const ApplyOptions& options, tree::StatIndex& index) {
  if (plan.previous.empty() && !options.plan) return false;
  if (options.drift == DriftChoice::discard && !options.plan) {
    tell_drift(node, plan.previous, index);
    return false;
  }
  std::vector<tree::Difference> drift;
  if (!plan.previous.empty()) drift = find_drift(node, plan.previous, index);
  save_index(node, index);
  TargetLook targets;
  if (!plan.previous.empty()) targets = look_at_targets(node, plan.previous);
  if (options.plan && *options.plan != plan_id(node, archive, plan, drift, targets)) {
    throw Error(Fault::refused,
                fmt::format("this is not what the plan {} was made for", base::printable(*options.plan)),
                "`release plan` with the same options shows what would happen now");
  }
  guard_drift(node, plan.previous, drift, options.drift);
  return drift.empty() && targets.differences.empty();
}

const phase::HistoryEntry& rollback_target(const Node& node, const std::vector<phase::HistoryEntry>& history,
                                           const std::optional<std::string>& wanted) {
  const std::string current = deployment_in_run(node).value_or("");
  if (current.empty()) throw Error(Fault::input, "nothing is deployed here", "apply a release first");
  const auto* now = phase::find_deployment(history, current);
  if (now == nullptr)
    throw Error(Fault::needs_hands, fmt::format("the history does not know {}, which is in run/", current));
  const std::string id = wanted.value_or(now->parent);
  if (id.empty())
    throw Error(Fault::input, fmt::format("no good deployment came before {}", current),
                "see `release history`");
  if (id == current) throw Error(Fault::input, fmt::format("{} is in service already", base::printable(id)));
  const auto* target = phase::find_deployment(history, id);
  if (target == nullptr) {
    throw Error(Fault::input, fmt::format("there is no deployment '{}' here", base::printable(id)),
                "see `release history`");
  }
  if (target->outcome != "good") {
    throw Error(Fault::refused,
                fmt::format("{} ended {}: only a good deployment can be put back", id, target->outcome));
  }
  if (!node.dir.exists(places_of(node.root.layout, id).tree)) {
    throw Error(Fault::input, fmt::format("{} is no longer here: it was pruned", id),
                target->kind == adopted_kind ? "it was never an archive: deploy its files anew"
                                             : "apply its archive with --allow-downgrade");
  }
  return *target;
}

// It was trusted when it was applied; since then a key may have been revoked. The others must then be
// enough without it.
void require_not_revoked(const Node& node, const std::string& deployment) {
  const auto policy = crypto::load_trust(trust_directory(node.root), node.root.project);
  const auto metadata =
      node.dir.open_dir(places_of(node.root.layout, deployment).tree / artifact::metadata_path().str());
  const auto kept = artifact::read_kept_signatures(metadata);
  const bool is_one_revoked = std::any_of(kept.begin(), kept.end(), [&](const auto& signature) {
    return policy.revoked.contains(signature.key);
  });
  if (!is_one_revoked) return;
  const std::string json =
      metadata.read_file(base::TreePath::parse("release.json"), artifact::largest_release);
  base::with_context(fmt::format("the deployment {}", deployment),
                     [&] { crypto::require_signatures(policy, json, kept); });
}

// Under the lock, when nothing is left to recover.
Result go_back(const Node& node, const std::optional<std::string>& deployment, const std::string& who,
               const std::string& trigger) {
  require_not_editing(node);
  check_root(node);
  const tree::Way way = choose_switch(node);
  const auto history = phase::read_history(node.history_path());
  const phase::HistoryEntry target = rollback_target(node, history, deployment);
  const ReleaseTree release = read_release(node, target.deployment);
  if (release.manifest_digest.hex() != target.manifest) {
    throw Error(Fault::refused,
                fmt::format("the manifest of {} is not the one that was applied", target.deployment));
  }
  tree::StatIndex index = tree::StatIndex::load(node.index_path());
  require_intact(node, target.deployment, release.manifest, index);
  require_not_revoked(node, target.deployment);
  Plan plan = begin_plan(node, "rollback", history);
  plan.who = who;
  plan.trigger = trigger;
  // Rolled back once more, it goes further back and not to what was just left.
  plan.parent = target.parent;
  plan.target = target.deployment;
  plan.way = way;
  plan.version = target.version;
  plan.sequence = target.sequence;
  plan.manifest = target.manifest;
  tell_drift(node, plan.previous, index);
  return carry_out(node, plan, nullptr, std::move(index));
}

std::optional<phase::Lock> lock_unless_recovered(const Node& node) {
  constexpr std::chrono::milliseconds between_looks(50);
  const auto recovers_nothing = [](const std::string& holder) {
    return holder.find(": release prune, ") != std::string::npos ||
           holder.find(": release cancel, ") != std::string::npos ||
           holder.find(": release backup ") != std::string::npos;
  };
  for (;;) {
    const auto holder = phase::Lock::holder(node.lock_path());
    if (holder && !recovers_nothing(*holder)) return std::nullopt;
    try {
      if (!holder) return phase::Lock::take(node.lock_path(), "release recover", node.around.clock);
    } catch (const Error& error) {
      if (error.fault() != Fault::locked) throw;  // somebody was quicker: who?
    }
    node.around.clock.wait(between_looks);
  }
}

}  // namespace

std::optional<std::string> cancel(const Node& node) {
  check_owners(node);  // whoever could write the lock's text could name any process
  return phase::ask_holder_to_stop(node.lock_path(), [](const std::string& holder) {
    // `release serve` holds the lock for a moment, too, and is not to be ended.
    return holder.find(": release apply, ") != std::string::npos ||
           holder.find(": release rollback, ") != std::string::npos ||
           holder.find(": release backup restore, ") != std::string::npos ||
           holder.find(": bake edit") != std::string::npos;
  });
}

std::optional<Result> recover(const Node& node) {
  auto journal = phase::Journal::open(node.journal_path());
  if (!journal) return std::nullopt;
  if (journal->is_closed()) {
    // The hook after a transaction is in no journal, and may have been left alone.
    phase::end_marked(hook_marks(node), node.around);
    return std::nullopt;
  }
  const Plan plan = decode_plan(journal->facts());
  DeploymentLog log(node, plan);
  const Node watched = log.watch(node);
  watched.around.events({Event::Kind::warning, "recover",
                         fmt::format("the {} of {} was interrupted; taking it up", plan.kind, plan.version)});
  Result result = take_up(watched, plan, *journal);
  log.end(result);
  return result;
}

bool Settled::needs_hands() const { return last() && last()->outcome == "needs-hands"; }

Settled settle(const Node& node) {
  check_owners(node);
  Settled settled;
  settled.recovered = recover(node);
  if (!settled.needs_hands()) settled.expired = expire(node);
  return settled;
}

Settled require_settled(const Node& node) {
  Settled settled = settle(node);
  const bool has_not_expired = settled.expired && settled.expired->error;
  if (settled.needs_hands() || has_not_expired) throw Error(*settled.last()->error);
  return settled;
}

std::optional<Result> recover_at_boot(const Node& node) {
  const auto lock = lock_unless_recovered(node);
  if (!lock) return std::nullopt;
  check_owners(node);
  return recover(node);
}

namespace {

Result apply_with_lock(const Node& node, const fs::path& path, const crypto::TrustPolicy& policy,
                       const ApplyOptions& options) {
  const phase::Lock lock = node.lock_switch("release apply");
  require_settled(node);
  const artifact::Archive archive = artifact::open_archive(path, policy);
  Plan plan = begin_apply(node, archive, policy, options, phase::read_history(node.history_path()));
  plan.way = choose_switch(node);
  tree::StatIndex index = tree::StatIndex::load(node.index_path());
  const bool is_clean = require_drift_settled(node, archive, plan, options, index);
  if (is_clean && !options.again && is_in_service(node, archive, plan))
    return {plan.previous, plan.version, "unchanged", std::nullopt};
  if (options.at_begin) {
    options.at_begin(plan.id);
    lock.say_who("release apply", node.around.clock);
  }
  return carry_out(node, plan, &archive, std::move(index));
}

}  // namespace

std::optional<Result> recover_under_lock(const Node& node, const std::string& purpose) {
  return with_switch_lock(node, purpose, [&] { return settle(node).last(); });
}

Result apply(const Node& node, const fs::path& path, const crypto::TrustPolicy& policy,
             const ApplyOptions& options) {
  return then_deliver(node, [&] { return apply_with_lock(node, path, policy, options); });
}

Result rollback(const Node& node, const std::optional<std::string>& deployment) {
  return with_switch_lock(node, "release rollback", [&] {
    check_owners(node);
    require_recovered(node);
    return go_back(node, deployment, phase::describe_user(), "command");
  });
}

std::optional<Result> expire(const Node& node) {
  const auto provisional = read_provisional(node);
  if (!provisional || !phase::is_past(provisional->deadline, node.around.clock)) return std::nullopt;
  if (deployment_in_run(node) != provisional->deployment) {
    remove_provisional(node);  // what it speaks of is gone already
    return std::nullopt;
  }
  node.around.events({Event::Kind::warning, "expire",
                      fmt::format("nobody has confirmed {} in time; going back", provisional->version)});
  return go_back(node, std::nullopt, "nobody, who should have confirmed " + provisional->version, "expire");
}

}  // namespace bakehouse::node
