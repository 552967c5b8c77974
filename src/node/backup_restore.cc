#include "node/backup_restore.hh"

#include "base/error.hh"
#include "node/announce.hh"
#include "node/begin.hh"
#include "node/carry_out.hh"
#include "node/preflight.hh"
#include "node/restore_steps.hh"
#include "node/space.hh"
#include "node/switch.hh"
#include "phase/lock.hh"

#include <fmt/format.h>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Fault;

void require_restorable(const Node& node, const Backup& backup) {
  if (is_open(phase::Journal::read(node.journal_path()))) {
    throw Error(Fault::refused, "a transaction was interrupted, and what it left comes first",
                "run `release recover`, then restore");
  }
  check_root(node);
  if (backup.state == Backup::State::unfinished || backup.state == Backup::State::damaged) {
    throw Error(Fault::refused, fmt::format("the backup {} is {}", backup.id, name_of(backup.state)),
                "`release backup list` shows the others");
  }
  const auto data = node.dir.stat(node.root.layout.data);
  if (data->device != node.dir.stat(base::TreePath())->device) {
    throw Error(Fault::refused,
                fmt::format("'{}' is a file system of its own, and cannot be exchanged as a whole",
                            node.root.at(node.root.layout.data).native()),
                fmt::format("copy it back by hand from '{}'",
                            node.root.at(copy_of_data(places_of(node.root.layout, backup.id))).native()));
  }
  require_room(node.root.at(node.root.layout.data.parent()),
               usage_of_tree(backup.record.bytes, backup.record.files), "a copy of the backup",
               "make room; what is there now is kept, too");
}

Restored restore_with_lock(const Node& node, const Backup& backup, const std::function<void()>& settle) {
  const phase::Lock lock = node.lock_switch("release backup restore");
  check_owners(node);
  require_restorable(node, backup);
  Plan plan = begin_plan(node, std::string(restore_kind), phase::read_history(node.history_path()));
  plan.version = plan.previous_version;
  plan.target = backup.id;
  plan.way = choose_switch(node);
  settle();
  Result result = carry_out_in_place(node, plan, "the backup is back");
  return {std::move(result), node.root.at(places_of(node.root.layout, plan.id).backup / replaced_data)};
}

}  // namespace

Restored restore_backup(const Node& node, const Backup& backup, const std::function<void()>& settle) {
  return then_deliver(node, [&] { return restore_with_lock(node, backup, settle); });
}

}  // namespace bakehouse::node
