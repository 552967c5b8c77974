#include "node/status.hh"

#include "base/error.hh"
#include "node/announce.hh"
#include "node/drift.hh"
#include "node/editing.hh"
#include "node/release_tree.hh"
#include "node/run_place.hh"
#include "node/services.hh"
#include "node/transaction.hh"
#include "notify/outbox.hh"
#include "phase/lock.hh"
#include "service/background.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::node {

using base::Error;
using base::Fault;
using text::Value;

namespace {

std::vector<std::string> processes_down(const Node& node, const Status& status) {
  std::vector<std::string> down;
  for (const auto& spec : service_specs(node, status.deployment)) {
    const auto is_it = [&](const auto& state) { return state.name == spec.name && state.is_well(); };
    if (std::ranges::none_of(status.services, is_it) && std::ranges::none_of(status.orphans, is_it))
      down.push_back(spec.name);
  }
  return down;
}

}  // namespace

Status read_status(const Node& node) {
  Status status;
  const auto history = phase::read_history(node.history_path());
  status.deployment = deployment_in_run(node).value_or("");
  if (!history.empty()) status.outcome = history.back().outcome;
  if (const auto* current = phase::find_deployment(history, status.deployment)) {
    status.version = current->version;
    status.since = current->ended;
  }
  status.running = phase::Lock::holder(node.lock_path()).value_or("");
  status.frozen = read_freeze(node);
  status.is_edited = read_editing(node).has_value();
  status.provisional = read_provisional(node);
  const bool has_open_journal = is_open(phase::Journal::read(node.journal_path()));
  // Asked again: a transaction that began meanwhile has an open journal and needs no recovery.
  status.recovery_needed =
      has_open_journal && status.running.empty() && !phase::Lock::holder(node.lock_path()).has_value();
  status.how_to_start = how_to_start_services(node);
  if (services_are_kept(node)) status.services = open_services(node)->states();
  status.orphans = service::orphans(node.root.state());  // none while a supervisor lives
  if (!status.deployment.empty() && !has_open_journal) status.down = processes_down(node, status);
  status.notices_waiting = notify::count_waiting(outbox_of(node));
  return status;
}

Value encode(const Status& status, const config::Root& root) {
  Value services = Value::list();
  for (const auto& state : status.services) services.push(service::encode(state));
  Value orphans = Value::list();
  for (const auto& state : status.orphans) orphans.push(service::encode(state));
  return Value::map({{"project", root.project},
                     {"mode", config::name_of(root.mode)},
                     {"deployment", status.deployment},
                     {"version", status.version},
                     {"outcome", status.outcome},
                     {"since", status.since == 0 ? std::string() : base::iso_datetime(status.since)},
                     {"recovery_needed", status.recovery_needed},
                     {"running", status.running},
                     {"edited", status.is_edited},
                     {"frozen", status.frozen ? encode(*status.frozen) : Value()},
                     {"provisional", status.provisional ? encode(*status.provisional) : Value()},
                     {"services", services},
                     {"orphans", orphans},
                     {"down", text::list_of(status.down)},
                     {"notices_waiting", static_cast<uint64_t>(status.notices_waiting)}});
}

Verification verify(const Node& node) {
  const std::string id = require_deployment_in_run(node);
  const Places places = places_of(node.root.layout, id);
  const ReleaseTree release = read_release(node, id);
  const auto history = phase::read_history(node.history_path());
  const auto* entry = phase::find_deployment(history, id);
  if (entry != nullptr && entry->manifest != release.manifest_digest.hex()) {
    throw Error(Fault::differs, fmt::format("the manifest of {} is not the one that was applied", id),
                "apply the release's archive again");
  }
  const auto expected = read_expected(node, id);
  Verification found{tree::diff_with_directory(release.manifest, node.dir.open_dir(places.tree)),
                     tree::diff_with_directory(expected, open_run(node)), look_at_targets(node, id),
                     read_editing(node).has_value()};
  drop_allowed(node, id, found.run);
  return found;
}

}  // namespace bakehouse::node
