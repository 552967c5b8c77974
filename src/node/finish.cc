#include "node/finish.hh"

#include "base/error.hh"
#include "base/files.hh"
#include "node/announce.hh"
#include "node/backup.hh"
#include "node/overlap.hh"
#include "node/provisional.hh"
#include "node/restore_steps.hh"
#include "node/switch.hh"
#include "node/targets.hh"
#include "node/undo_room.hh"
#include "text/json.hh"

#include <fmt/format.h>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Fault;
using base::TreePath;
using Kind = phase::Record::Kind;

// A rollback, by hand or when the time is over, ends what was provisional.
void settle_provisional(const Transaction& t) {
  if (t.plan.kind == "rollback") {
    remove_provisional(t.node);
  } else if (t.plan.confirm_within.count() != 0) {
    write_provisional(t.node, {t.plan.id, t.plan.version,
                               phase::deadline_after(t.plan.confirm_within, t.node.around.clock)});
    t.services->mind_deadline();
  }
}

void record(const Transaction& t, const std::string& outcome, const std::string& step,
            const std::string& cause) {
  phase::HistoryEntry entry;
  entry.deployment = t.plan.id;
  entry.kind = t.plan.kind;
  entry.outcome = outcome;
  entry.version = t.plan.version;
  entry.sequence = t.plan.sequence;
  entry.manifest = t.plan.manifest;
  entry.parent = t.plan.parent;
  entry.step = step;
  entry.cause = cause;
  entry.who = t.plan.who;
  entry.began = t.plan.began;
  entry.ended = t.node.around.clock.seconds();
  entry.durations = phase::durations(t.journal);
  if (makes_deployment(t.plan.kind)) phase::append_history(t.node.history_path(), entry);
  announce(t, entry);
}

void close(const Transaction& t) {
  t.journal.append({Kind::closed, "", text::Value::map(), t.node.around.clock.seconds()});
}

// The data of before is kept, and what a person must know of it stands beside it.
Result finish_restored(const Transaction& t) {
  keep_replaced_data(t.node, t.places, replaced_data);
  const text::Value facts = text::Value::map({{"backup", t.plan.target},
                                              {"deployment", t.plan.previous},
                                              {"version", t.plan.previous_version},
                                              {"who", t.plan.who},
                                              {"began", t.plan.began},
                                              {"ended", t.node.around.clock.seconds()}});
  base::write_file(t.node.root.at(t.places.backup / "restore.json"), text::to_json(facts) + "\n", 0600);
  record(t, "good", "", "");
  close(t);
  return {t.plan.id, t.plan.version, "good", std::nullopt};
}

void settle_deployment(Transaction& t) {
  free_undo_room(t.node, t.places);
  if (overlaps(t)) hand_over(t);
  retire_old_run(t);
  forget_sealed_targets(t.node, t.plan.id, t.plan.previous);
  point_current(t.node, t.plan.id);
  settle_provisional(t);
}

std::string still_in_service(const Transaction& t) {
  if (t.plan.previous.empty()) return "nothing is in service, as before";
  return fmt::format("{} is in service as before", t.plan.previous_version);
}

Result finish_good(Transaction& t) {
  if (t.plan.kind == restore_kind) return finish_restored(t);
  if (makes_deployment(t.plan.kind)) settle_deployment(t);
  record(t, "good", "", "");
  close(t);
  return {t.plan.id, t.plan.version, "good", std::nullopt};
}

}  // namespace

void point_current(const Node& node, const std::string& deployment) {
  const base::Dir deployments = node.dir.open_dir(node.root.layout.deployments);
  const TreePath fresh = TreePath::parse(".current.new");
  deployments.remove_tree(fresh);
  deployments.make_symlink(deployment, fresh);
  deployments.rename(fresh, TreePath::parse("current"));
  deployments.sync();
}

Result conclude(Transaction& t, const std::string& done) {
  try {
    return finish_good(t);
  } catch (const Error& error) {
    announce_needs_hands(t, "", error.what());
    throw error.as(Fault::needs_hands)
        .within(done + ", but its bookkeeping is unfinished")
        .with_hint("mend what is named, then run `release recover`");
  }
}

Result finish_reverted(Transaction& t, const phase::Reversal& reversal) {
  Result result{t.plan.id, t.plan.version, "", std::nullopt};
  const std::string what = fmt::format("{} failed: {}", reversal.step, reversal.cause.what());
  if (!reversal.undo_failures.empty()) {
    std::string message = what + "\nand not all of it could be undone:";
    for (const auto& failure : reversal.undo_failures) message += "\n  " + failure;
    announce_needs_hands(t, reversal.step, message);
    result.outcome = "needs-hands";
    result.error = Error(Fault::needs_hands, message, "mend what is named above, then run `release recover`");
    return result;  // the journal stays open, so that recovery tries again
  }
  // Before `stop` nothing that serves was touched, so the cause keeps its own exit code.
  const bool was_touched = t.journal.has(Kind::begin, "stop");
  result.outcome = was_touched ? "reverted" : "failed";
  record(t, result.outcome, reversal.step, reversal.cause.what());
  close(t);
  const bool was_cancelled = reversal.cause.fault() == Fault::reverted;
  const Fault untouched = was_cancelled ? Fault::build : reversal.cause.fault();
  const Fault fault = was_touched ? Fault::reverted : untouched;
  result.error = Error(fault, fmt::format("{}\n{}", what, still_in_service(t)), reversal.cause.hint());
  if (!t.unwell.empty()) {
    result.error =
        Error(Fault::needs_hands, fmt::format("{}\nbut it is not well: {}", result.error->what(), t.unwell),
              "look at its log in .bakehouse/logs");
  }
  return result;
}

}  // namespace bakehouse::node
