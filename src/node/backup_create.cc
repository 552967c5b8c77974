#include "base/error.hh"
#include "node/backups.hh"
#include "node/data_copy.hh"
#include "node/hooks.hh"
#include "node/preflight.hh"
#include "node/run_place.hh"
#include "node/space.hh"
#include "node/transaction.hh"
#include "phase/hooks.hh"

#include <fmt/format.h>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Fault;

// What an earlier command by hand was kept from finishing is known by the record that it wrote first.
void discard_unfinished(const Node& node) {
  for (const Backup& backup : list_backups(node)) {
    if (backup.state != Backup::State::unfinished || backup.record.kind != by_hand_kind) continue;
    for (const auto& part : parts_of_backup(places_of(node.root.layout, backup.id)))
      node.dir.remove_tree(part);
    node.dir.remove_tree(places_of(node.root.layout, backup.id).backup);
  }
}

BackupRecord begin_record(const Node& node) {
  BackupRecord record;
  record.kind = by_hand_kind;
  record.time = node.around.clock.seconds();
  record.deployment = deployment_in_run(node).value_or("");
  record.in_use = true;
  const auto history = phase::read_history(node.history_path());
  if (const auto* entry = phase::find_deployment(history, record.deployment)) record.version = entry->version;
  return record;
}

void dump(const Node& node, const Places& places, const BackupRecord& record) {
  if (record.deployment.empty()) return;
  node.dir.make_dirs(dumps_of(places), 0700);
  const ReleaseTree release = read_release(node, record.deployment);
  const HookCall call{"dump",         record.deployment,
                      release,        record.deployment,
                      record.version, node.root.at(node.root.layout.run),
                      places.backup};
  phase::end_what_stays(hook_marks(node), node.around,
                        [&] { run_phase_hooks(node, call, nullptr, node.around); });
}

void require_room_for_copy(const Node& node) {
  require_room(
      node.root.at(node.root.layout.archives), data_usage(node), "a copy of data",
      "make room; `release backup forget` and `release backup prune` remove what the rule does not keep");
}

Created take(const Node& node, const Places& places) {
  BackupRecord record = begin_record(node);
  DataCopy copy(node, places);
  write_backup_record(node, places, record);
  copy.pass(tree::Busy::leave);
  dump(node, places, record);
  copy.pass(tree::Busy::take);
  copy.complete(record);
  return {find_backup(node, places.id), copy.made(), copy.torn()};
}

void discard(const Node& node, const Places& places) {
  try {
    node.dir.remove_tree(places.backup);
  } catch (const Error& error) {
    node.around.events({base::Event::Kind::warning, "backup", error.what()});  // the next one tries again
  }
}

}  // namespace

Created create_backup(const Node& node) {
  const phase::Lock lock = node.lock_switch("release backup create");
  check_owners(node);
  if (is_open(phase::Journal::read(node.journal_path()))) {
    throw Error(Fault::refused,
                "a transaction was interrupted: nobody can tell what data is until it is settled",
                "run `release recover`");
  }
  discard_unfinished(node);
  require_room_for_copy(node);
  const Places places = places_of(node.root.layout, make_deployment_id(node.around.clock));
  try {
    return take(node, places);
  } catch (...) {
    discard(node, places);
    throw;
  }
}

}  // namespace bakehouse::node
