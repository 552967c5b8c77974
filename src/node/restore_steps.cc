#include "node/restore_steps.hh"

#include "base/error.hh"
#include "node/backup.hh"
#include "node/hooks.hh"
#include "node/lasting.hh"
#include "node/release_tree.hh"

// `stage` copies the backup beside data/ while all runs; then, with the processes down, `dump` keeps what is
// not files, `exchange` takes the copy for data/, and `reload` is the hook `restore`. Each undo is right
// whether its step ran whole or in part.

namespace bakehouse::node {
namespace {

using phase::Step;
using phase::Undo;
using text::Value;

Places backup_of(const Transaction& t) { return places_of(t.node.root.layout, t.plan.target); }

// With the dumps that lie at `from`.
void run_restore_hook(Transaction& t, const std::string& phase, const Places& from,
                      const phase::Surroundings& around) {
  // Without a dump there is nothing that a database could be made of.
  const auto dumps = t.node.dir.open_dir_if_any(dumps_of(from));
  const bool has_dumps = dumps && !dumps->names().empty();
  if (t.plan.previous.empty() || (phase == "restore" && !has_dumps)) return;
  run_phase_hooks(t.node,
                  {phase, t.plan.previous, release_of(t, t.plan.previous), t.plan.id, t.plan.previous_version,
                   t.node.root.at(t.node.root.layout.run), from.backup},
                  &t.journal, around);
}

Step stage_restore(Transaction& t) {
  const auto run = [&t](const Value&) {
    require_intact_dumps(t.node, backup_of(t));
    prepare_data(t.node, backup_of(t), t.places);
  };
  const auto undo = [&t](const Undo& undo) {
    require_back(undo, "exchange", "the data of before is kept");
    // From then on somebody may have written into what was restored.
    if (undo.began("start")) keep_replaced_data(t.node, t.places, "data.failed");
    discard_prepared_data(t.node, t.places);
  };
  return {"stage", {}, run, undo};
}

void start_again(Transaction& t, const Undo& undo) {
  if (t.plan.previous.empty() || !had_processes(undo)) return;
  require_back(undo, "exchange", "the processes stay stopped");
  require_back(undo, "dump", "the processes stay stopped");
  bring_back_processes(t, undo);
}

// What a database holds now has no other copy: the dump is what the undo reloads.
Step dump_before_restore(Transaction& t) {
  const auto run = [&t](const Value&) {
    t.node.dir.make_dirs(dumps_of(t.places), 0700);
    run_restore_hook(t, "dump", t.places, t.node.around);
    base::sync_filesystem(t.node.dir.fd(), t.node.root.path.native());
    seal_dumps(t.node, t.places);
  };
  const auto undo = [&t](const Undo& undo) {
    if (!undo.began("reload")) return;
    require_back(undo, "exchange", "the dump is not reloaded");
    require_intact_dumps(t.node, t.places);
    run_restore_hook(t, "restore", t.places, undo.around);
  };
  return {"dump", {}, run, undo};
}

Step exchange_for_restore(Transaction& t) {
  return {"exchange",
          {},
          [&t](const Value&) { exchange_data(t.node, t.places); },
          [&t](const Undo&) { exchange_data_back(t.node, t.places); }};
}

Step reload(Transaction& t) {
  return {
      "reload", {}, [&t](const Value&) { run_restore_hook(t, "restore", backup_of(t), t.node.around); }, {}};
}

}  // namespace

std::vector<Step> make_restore_steps(Transaction& t) {
  return {stage_restore(t),
          stop_in_service(t, [&t](const Undo& undo) { start_again(t, undo); }),
          dump_before_restore(t),
          exchange_for_restore(t),
          reload(t),
          start_in_service(t),
          health_in_service(t)};
}

}  // namespace bakehouse::node
