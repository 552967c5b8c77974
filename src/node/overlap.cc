#include "node/overlap.hh"

#include "base/address.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "net/tcp.hh"
#include "node/control.hh"
#include "node/release_tree.hh"
#include "node/services.hh"
#include "service/background.hh"
#include "service/listener.hh"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>

namespace bakehouse::node {
namespace {

using config::HealthCheck;
using config::Project;
using Strategy = config::ServiceSettings::Strategy;
using Reason = std::optional<std::string>;

// "host:port" of what a check asks.
std::string asked_at(const HealthCheck& check) {
  if (check.kind == HealthCheck::Kind::tcp) return check.target;
  const size_t host = check.target.find("://") + 3;
  std::string authority = check.target.substr(host, check.target.find_first_of("/?#", host) - host);
  if (base::parse_address(authority)) return authority;
  return authority + (check.target.starts_with("https:") ? ":443" : ":80");
}

// On trial a release is asked from an address by which it is told apart, and which only loopback has.
bool asks_this_machine(const HealthCheck& check) {
  if (check.kind == HealthCheck::Kind::command) return true;  // it is told the address
  try {
    return net::is_loopback(asked_at(check));
  } catch (const base::Error&) {
    return false;
  }
}

Reason why_not_beside(const Project& project) {
  for (const auto& [name, process] : project.processes) {
    if (process.port)
      return fmt::format("the process '{}' listens at a 'port' of its own, and has no 'socket'", name);
    if (process.socket && !service::can_be_shared(*process.socket))
      return fmt::format("{} is an address of IPv6", *process.socket);
  }
  for (const HealthCheck& check : project.health) {
    if (!asks_this_machine(check))
      return fmt::format("the health check '{}' does not ask at an address of loopback",
                         base::printable(check.target));
  }
  return std::nullopt;
}

Reason why_not_while_it_runs(const Transaction& t, const Project& project) {
  for (const char* phase : {"post_deploy", "upgrade"})
    if (project.hook(phase).changes_data) return fmt::format("the hook '{}' changes data", phase);
  if (project.undo_data == config::UndoData::always)
    return "`undo-data: always` puts data back, also what is written meanwhile";
  if (t.plan.keeps_drift) return "changes made in run/ are kept, and could go on being made";
  const bool keeps = std::ranges::any_of(
      project.writable, [](const config::Writable& one) { return one.then == config::Writable::Then::keep; });
  if (keeps) return "`writable: {...: keep}` takes over what the old processes go on writing";
  return std::nullopt;
}

Reason why_not_here(Transaction& t) {
  if (!t.services->can_overlap()) return "only processes of the embedded supervisor can";
  if (t.plan.way == tree::Way::inplace) return "run/ is changed in place";
  if (!can_pin()) return "this machine lets no process have a view of its own";
  // Those that run must have been started for it: with a socket that is not theirs, in a view of their own.
  const Project old = read_configuration(t.node, t.plan.previous);
  if (old.services.strategy != Strategy::overlap)
    return "what runs was not started for it; the next release can";
  return std::nullopt;
}

// Whoever comes after a supervisor that was killed finds its releases running, and no one in charge.
void require_supervisor(Transaction& t) {
  if (t.services->can_overlap() && t.services->lasting()) return;
  begin_supervisor(t.node);
  t.services = open_services(t.node);
}

}  // namespace

bool decide_overlap(Transaction& t) {
  const Project project = read_configuration(t.node, t.plan.id);
  if (project.services.strategy != Strategy::overlap || t.plan.previous.empty()) return false;
  // What serves without a supervisor can go on under the next one.
  const bool is_orphaned = !service::orphans(t.node.root.state()).empty();
  if (is_orphaned && wants_background(t.node, project.services)) require_supervisor(t);
  const auto states = t.services->states();
  if (states.empty()) return false;  // nothing serves that could go on
  Reason reason = why_not_here(t);
  if (!reason) reason = why_not_beside(project);
  if (!reason) reason = why_not_while_it_runs(t, project);
  if (!reason) return true;
  t.node.around.events(
      {base::Event::Kind::warning, "stop",
       fmt::format("the old processes are stopped first, although the strategy is overlap: {}", *reason)});
  return false;
}

namespace {

// Done by the next supervisor where one is killed over it: what is asked here may be asked twice.
template <typename Task>
void have_done(Transaction& t, const Task& task) {
  require_supervisor(t);
  try {
    task();
  } catch (const base::Error&) {
    if (t.services->lasting()) throw;  // it has said why
    require_supervisor(t);
    task();
  }
}

}  // namespace

void hand_over(Transaction& t) {
  have_done(t, [&] { t.services->hand_over(); });
}

void drop_trial(Transaction& t) {
  try {
    t.services->drop_beside();
  } catch (const base::Error&) {
    if (t.services->lasting()) throw;  // it has said why
  }
}

void give_up_overlap(Transaction& t) {
  have_done(t, [&] {
    t.services->drop_beside();
    t.services->ensure(service_specs(t.node, t.plan.previous, release_of(t, t.plan.previous)));
  });
}

bool overlaps(const Transaction& t) {
  for (const phase::Record& record : t.journal.records()) {
    if (record.kind != phase::Record::Kind::begin || record.step != "stop") continue;
    const auto* decided = record.facts.find("overlaps");
    return decided != nullptr && record.facts.boolean_at("overlaps");
  }
  return false;
}

}  // namespace bakehouse::node
