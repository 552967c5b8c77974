#include "node/control.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "node/announce.hh"
#include "node/apply.hh"
#include "node/preflight.hh"
#include "node/process_order.hh"
#include "node/run_place.hh"
#include "node/services.hh"
#include "service/background.hh"
#include "service/driver.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Fault;
using Specs = std::vector<service::ServiceSpec>;

// What is provisional and could not go back is whole, and may run.
void require_whole(const Node& node) {
  const Settled settled = settle(node);
  if (settled.needs_hands()) throw Error(*settled.last()->error);
}

// A unit is installed with all others of its release, and knows of no instances.
void require_all_where_units(const Node& node, const Names& names) {
  if (names.empty() || !are_units(node)) return;
  throw Error(Fault::input, fmt::format("the processes of {} are units of systemd", node.root.project),
              "leave out the names, or name the units to systemctl");
}

template <typename Items>
Names names_in(const Items& items) {
  Names names;
  for (const auto& item : items) names.push_back(item.name);
  return names;
}

Specs specs_in_run(const Node& node) {
  const auto deployment = deployment_in_run(node);
  if (!deployment) {
    throw Error(Fault::input, fmt::format("{}: nothing is deployed", node.root.project),
                "`release apply ARCHIVE` puts a release into service");
  }
  return service_specs(node, *deployment);
}

bool is_wanted(const std::string& service, const Names& wanted) {
  return wanted.empty() ||
         std::ranges::any_of(wanted, [&](const auto& process) { return is_instance_of(service, process); });
}

void require_known(const Names& wanted, const Names& known) {
  for (const std::string& process : wanted) {
    if (std::ranges::any_of(known, [&](const auto& name) { return is_instance_of(name, process); })) continue;
    throw Error(Fault::input, fmt::format("there is no process '{}'", base::printable(process)),
                known.empty() ? "none runs" : fmt::format("there are: {}", fmt::join(known, ", ")));
  }
}

Specs wanted_of(Specs specs, const Names& wanted) {
  require_known(wanted, names_in(specs));
  std::erase_if(specs, [&](const auto& spec) { return !is_wanted(spec.name, wanted); });
  return specs;
}

Names wanted_of(Names names, const Names& wanted) {
  std::erase_if(names, [&](const auto& name) { return !is_wanted(name, wanted); });
  return names;
}

}  // namespace

bool wants_background(const Node& node, const config::ServiceSettings& services) {
  using Driver = config::ServiceSettings::Driver;
  if (node.supervise.empty() || services.driver == Driver::none) return false;
  return services.driver == Driver::supervisor || node.root.mode == config::Mode::final || node.is_to_serve;
}

void begin_supervisor(const Node& node) {
  if (are_units(node) || service::open_driver(node.root.state())->lasting()) return;
  service::start_in_background(node.root.state(), node.supervise);
}

namespace {

// An installed unit has a state when it is stopped, too.
Names running_in(service::ServiceDriver& driver) {
  auto states = driver.states();
  if (driver.keeps_stopped()) std::erase_if(states, [](const auto& state) { return !state.is_well(); });
  return names_in(states);
}

Names start_locked(const Node& node, const Names& names) {
  require_all_where_units(node, names);
  require_whole(node);
  const Specs wanted = wanted_of(specs_in_run(node), names);
  begin_supervisor(node);
  const auto driver = open_services(node);
  const Names running = running_in(*driver);
  Specs missing = wanted;
  std::erase_if(missing,
                [&](const auto& spec) { return std::ranges::find(running, spec.name) != running.end(); });
  names.empty() ? driver->ensure(wanted) : driver->start(missing);
  return names_in(missing);
}

}  // namespace

Names start_processes(const Node& node, const Names& names) {
  return with_switch_lock(node, "release start", [&] { return start_locked(node, names); });
}

Names stop_processes(const Node& node, const Names& names) {
  const phase::Lock lock = node.lock_switch("release stop");
  check_owners(node);
  const auto state = node.root.state();
  const auto left = service::orphans(state);
  if (!names.empty() && !left.empty()) begin_supervisor(node);
  const auto driver = open_services(node);
  const Names running = left.empty() || !names.empty() ? running_in(*driver) : names_in(left);
  require_known(names, running);
  Names wanted = wanted_of(running, names);
  names.empty() ? driver->end() : driver->stop(wanted);
  return wanted;
}

namespace {

Names restart_locked(const Node& node, const Names& names) {
  require_all_where_units(node, names);
  require_whole(node);
  const Specs specs = wanted_of(specs_in_run(node), names);
  begin_supervisor(node);
  const auto driver = open_services(node);
  names.empty() ? driver->stop() : driver->stop(wanted_of(running_in(*driver), names));
  driver->start(specs);
  return names_in(specs);
}

}  // namespace

Names restart_processes(const Node& node, const Names& names) {
  return with_switch_lock(node, "release restart", [&] { return restart_locked(node, names); });
}

void serve_in_background(const Node& node) {
  require_no_systemd(node);
  const phase::Lock lock = node.lock_switch("release serve");
  const bool is_served = service::supervisor_runs(node.root.state());
  require_whole(node);
  const auto deployment = deployment_in_run(node);
  // Recovery may have begun one; whoever ran before is told of.
  if (is_served || !service::supervisor_runs(node.root.state()))
    service::start_in_background(node.root.state(), node.supervise);
  if (deployment) open_services(node)->ensure(service_specs(node, *deployment));
}

}  // namespace bakehouse::node
