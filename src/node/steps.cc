#include "base/error.hh"
#include "net/tcp.hh"
#include "node/backup.hh"
#include "node/backup_record.hh"
#include "node/carry.hh"
#include "node/configure_step.hh"
#include "node/control.hh"
#include "node/drift.hh"
#include "node/edit_steps.hh"
#include "node/give.hh"
#include "node/health.hh"
#include "node/hooks.hh"
#include "node/lasting.hh"
#include "node/overlap.hh"
#include "node/release_tree.hh"
#include "node/restore_steps.hh"
#include "node/services.hh"
#include "node/stage.hh"
#include "node/switch.hh"
#include "node/targets.hh"
#include "node/transaction.hh"
#include "node/undo_room.hh"

#include <fmt/format.h>

#include <optional>

// The steps of the node's transaction. Each undo is right whether
// its step ran whole, in part or, for `deploy`, at the very moment of the switch.

namespace bakehouse::node {
namespace {

using base::Error;
using base::Event;
using base::Fault;
using base::TreePath;
using phase::Step;
using phase::Undo;
using text::Value;

void note(const Transaction& t, const std::string& phase, std::string text) {
  t.node.around.events({Event::Kind::note, phase, std::move(text)});
}

HookCall hook_call(Transaction& t, const std::string& phase, const std::string& owner) {
  return {phase,
          owner,
          release_of(t, owner),
          t.plan.id,
          t.plan.previous_version,
          t.node.root.at(t.node.root.layout.run),
          t.places.backup};
}

Step stage_step(Transaction& t) {
  return {{}, {}, [&t](const Value&) { stage(t); }, [&t](const Undo& undo) { unstage(t, undo); }};
}

void restart_previous(Transaction& t, const Undo& undo) {
  if (!had_processes(undo)) return;
  // Started on the wrong code or data it would write what the next try takes away again.
  require_back(undo, "deploy", "the processes stay stopped");
  require_back(undo, "backup", "the processes stay stopped");
  if (overlaps(t)) {
    give_up_overlap(t);
    return;
  }
  bring_back_processes(t, undo);
}

// The application has ended: what it wrote last is there, and nothing is half written.
void carry_over(Transaction& t) {
  const config::Project project = read_configuration(t.node, t.plan.id);
  const base::Dir next = t.node.dir.open_dir(t.places.next);
  if (t.plan.keeps_drift) {
    const tree::Manifest expected = read_expected(t.node, t.plan.id);
    carry_drift(t.node, t.plan.previous, {expected, project.data}, next, t.index);
  }
  const bool any = carry_writable(t.node, project.writable, next);
  // Of processes that ran as a user of their own all that is root's is so because somebody wants it.
  if (!read_configuration(t.node, t.plan.previous).services.user)
    give_writable(next, project.writable, owner_of_data(project), Within::any);
  if (any || t.plan.keeps_drift) base::sync_filesystem(next.fd(), next.path().native());
}

void stop(Transaction& t) {
  if (overlaps(t)) {
    note(t, "stop", "the old processes go on until the new ones are well");
  } else {
    t.services->stop();
  }
  if (!t.plan.previous.empty()) carry_over(t);
}

Step stop_step(Transaction& t) {
  const auto prepare = [&t] {
    return Value::map({{"processes", any_process(t)}, {"overlaps", decide_overlap(t)}});
  };
  return {
      {}, prepare, [&t](const Value&) { stop(t); }, [&t](const Undo& undo) { restart_previous(t, undo); }};
}

config::UndoData undo_rule(const Transaction& t) {
  // The old processes go on writing what nobody may take away.
  return overlaps(t) ? config::UndoData::never : read_configuration(t.node, t.plan.id).undo_data;
}

void backup(Transaction& t) {
  if (!t.plan.previous.empty()) {
    t.node.dir.make_dirs(dumps_of(t.places), 0700);
    run_phase_hooks(t.node, hook_call(t, "dump", t.plan.previous), &t.journal, t.node.around);
  }
  const bool is_live = overlaps(t);
  t.copy->pass(is_live ? tree::Busy::take : tree::Busy::fail);
  BackupRecord record;
  record.in_use = is_live;
  record.kind = t.plan.kind;
  record.time = t.node.around.clock.seconds();
  record.deployment = t.plan.previous;
  record.version = t.plan.previous_version;
  t.copy->complete(std::move(record));
  t.copy.reset();
}

// The rule of undo: data goes back only while no traffic can have changed it since the backup.
bool data_goes_back(const Undo& undo) {
  const std::string& rule = undo.facts.string_at("undo_data");
  if (rule == "always") return true;
  return rule == "closed" && !undo.began("start");
}

void undo_backup(Transaction& t, const Undo& undo) {
  free_undo_room(t.node, t.places);
  // Nothing has changed data, and backup and dump may be unfinished: reloading half a dump would do the harm.
  if (!undo.began("deploy")) {
    discard_unfinished_backup(t.node, t.places);
    return;
  }
  if (!data_goes_back(undo)) {
    note(t, "backup", "data stays as it is");
    return;
  }
  require_back(undo, "deploy", "data stays as it is");
  require_intact_dumps(t.node, t.places);
  restore_data(t.node, t.places);
  if (t.plan.previous.empty()) return;
  run_phase_hooks(t.node, hook_call(t, "restore", t.plan.previous), &t.journal, undo.around);
}

Step backup_step(Transaction& t) {
  const auto prepare = [&t] { return Value::map({{"undo_data", config::name_of(undo_rule(t))}}); };
  return {{}, prepare, [&t](const Value&) { backup(t); }, [&t](const Undo& undo) { undo_backup(t, undo); }};
}

Value identity_of(const base::Dir& root, const TreePath& tree) {
  const auto stat = root.stat(tree);
  if (!stat) return {};
  return Value::map({{"device", stat->device}, {"inode", stat->inode}});
}

// Versions before wrote the files outside of the root in this step, too.
void undo_deploy(Transaction& t, const Undo& undo) {
  switch_back(t);
  if (!undo.began("targets")) restore_targets(t.node, t.plan.id);
}

Step deploy_step(Transaction& t) {
  const auto prepare = [&t] {
    return Value::map({{"new", identity_of(t.node.dir, t.places.next)},
                       {"old", identity_of(t.node.dir, t.node.root.layout.run)}});
  };
  return {{},
          prepare,
          [&t](const Value&) { switch_to_next(t); },
          [&t](const Undo& undo) { undo_deploy(t, undo); }};
}

// Apart from the switch: the old release comes back whatever becomes of the files around it.
Step targets_step(Transaction& t) {
  Step step{{},
            {},
            [&t](const Value&) { write_targets(t.node, t.plan.id, t.targets); },
            [&t](const Undo&) { restore_targets(t.node, t.plan.id); }};
  step.is_needed = [&t] { return changes_targets(t.node, t.plan.id); };
  return step;
}

Step hook_step(Transaction& t, const std::string& phase) {
  return {{},
          {},
          [&t, phase](const Value&) {
            run_phase_hooks(t.node, hook_call(t, phase, t.plan.id), &t.journal, t.node.around);
          },
          {}};
}

// The old processes are down: whoever answers on a port now is a stranger, and would pass the
// health check in the new release's place.
void require_free_ports(const Transaction& t) {
  constexpr std::chrono::milliseconds limit(500);
  for (const auto& [name, settings] : read_configuration(t.node, t.plan.id).processes) {
    const int count = settings.port ? settings.count.value_or(1) : 0;
    for (int i = 0; i < count; ++i) {
      const std::string address = fmt::format("127.0.0.1:{}", *settings.port + i);
      try {
        net::tcp_probe(address, limit);
      } catch (const Error&) {
        continue;  // nobody is there
      }
      throw Error(Fault::build, fmt::format("another program listens on {}, a port of '{}'", address, name),
                  "end it, or give the process another port in node.yaml");
    }
  }
}

void start(Transaction& t) {
  const auto specs = service_specs(t.node, t.plan.id, release_of(t, t.plan.id));
  if (overlaps(t)) {
    t.services->try_beside(specs);
    return;
  }
  require_free_ports(t);
  if (!specs.empty()) make_lasting(t, read_configuration(t.node, t.plan.id));
  if (!specs.empty() && !t.services->lasting()) {
    note(t, "start", "no supervisor runs here: the processes are started for the health check only");
  }
  t.services->start(specs);
}

void undo_start(Transaction& t, const Undo& undo) {
  if (overlaps(t)) {
    drop_trial(t);
  } else if (t.plan.previous.empty()) {
    t.services->end();  // with nothing in service nobody is to wait at its sockets
  } else {
    stop_started(t, undo);
  }
}

Step start_step(Transaction& t) {
  const auto prepare = [&t] { return facts_of_start(t, read_configuration(t.node, t.plan.id)); };
  return {{}, prepare, [&t](const Value&) { start(t); }, [&t](const Undo& undo) { undo_start(t, undo); }};
}

Step health_step(Transaction& t) {
  const auto run = [&t](const Value&) {
    require_health(t.node, t.plan.id, t.plan.version, *t.services, t.node.around);
  };
  return {{}, {}, run, {}};
}

struct NamedStep {
  const char* name;
  Step (*make)(Transaction& t);
};
constexpr NamedStep all_steps[] = {
    {"stage", stage_step},
    {"configure", make_configure_step},
    {"stop", stop_step},
    {"backup", backup_step},
    {"deploy", deploy_step},
    {"targets", targets_step},
    {"post_deploy", [](Transaction& t) { return hook_step(t, "post_deploy"); }},
    {"start", start_step},
    {"upgrade", [](Transaction& t) { return hook_step(t, "upgrade"); }},
    {"health", health_step},
};

}  // namespace

std::vector<std::string> step_names() {
  std::vector<std::string> names;
  for (const NamedStep& step : all_steps) names.emplace_back(step.name);
  return names;
}

std::vector<Step> make_steps(Transaction& t) {
  if (t.plan.kind == restore_kind) return make_restore_steps(t);
  if (!makes_deployment(t.plan.kind)) return make_edit_steps(t);
  std::vector<Step> steps;
  for (const NamedStep& step : all_steps) {
    steps.push_back(step.make(t));
    steps.back().name = step.name;
  }
  return steps;
}

}  // namespace bakehouse::node
