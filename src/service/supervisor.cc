#include "service/supervisor.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "base/process_group.hh"
#include "service/pinned_view.hh"
#include "service/record.hh"
#include "service/running.hh"

#include <algorithm>
#include <csignal>
#include <optional>

namespace bakehouse::service {

using base::Error;
using base::Event;
using base::Fault;
using base::printable;

Supervisor::Supervisor(Settings settings, base::EventSink events, base::Clock clock)
    : settings_(std::move(settings)), events_(std::move(events)), clock_(std::move(clock)) {}

Supervisor::~Supervisor() {
  try {
    stop();
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): each Process still kills its group
  }
}

void Supervisor::tell(Event::Kind kind, const std::string& text) const {
  if (events_) events_({kind, "", text});
}

void Supervisor::require_sound(const std::vector<ServiceSpec>& specs, bool is_beside) const {
  for (size_t i = 0; i < specs.size(); ++i) {
    const ServiceSpec& spec = specs[i];
    if (spec.name.empty()) throw Error(Fault::input, "a service has no name");
    const std::string shown = printable(spec.name);
    if (spec.argv.empty()) throw Error(Fault::input, fmt::format("the service '{}' has no command", shown));
    for (const std::string& address : spec.sockets) require_address(address);
    const bool twice = std::any_of(specs.begin(), specs.begin() + static_cast<ptrdiff_t>(i),
                                   [&](const ServiceSpec& other) { return other.name == spec.name; });
    if (twice) throw Error(Fault::input, fmt::format("two services are called '{}'", shown));
    const auto runs_already = [&](const auto& other) {
      return !other->is_beside && other->spec.name == spec.name;
    };
    if (!is_beside && std::ranges::any_of(services_, runs_already)) {
      throw Error(Fault::input, fmt::format("the service '{}' runs already", shown),
                  "stop the services first");
    }
  }
}

// A full disk keeps no service down: it is only not found again when the supervisor is killed just now.
void Supervisor::write_down() const {
  if (settings_.record.empty()) return;
  std::vector<Recorded> recorded;
  for (const auto& service : services_)
    recorded.push_back({service->spec, service->id, service->restarts, service->is_beside});
  try {
    write_record(settings_.record, recorded);
  } catch (const Error& error) {
    if (error.os_error() != ENOSPC && error.os_error() != EDQUOT) throw;
    tell(Event::Kind::warning, fmt::format("what runs cannot be written down: {}", error.what()));
  }
}

void Supervisor::launch(Running& service) {
  base::with_context(fmt::format("service '{}'", printable(service.spec.name)), [&] {
    const base::Fd log = base::open_log(service.spec.log);
    base::Command command;
    command.argv = service.spec.argv;
    command.environment = service.spec.environment;
    command.directory = service.spec.directory;
    command.output = &log;
    command.identity = service.spec.identity;
    // One that was taken over may have kept its socket to itself until it ended.
    service.is_beside ? open_sockets_beside({service.spec}) : open_sockets({service.spec});
    command.sockets = sockets_of(service);
    std::optional<PinnedView> view;
    if (!service.spec.pinned.empty()) command.child_work = &view.emplace(service.spec.pinned).child_work();
    if (!settings_.record.empty()) command.lifetime = base::Command::Lifetime::own;
    command.before_exec = [&](pid_t pid) {
      service.id = base::identify_process(pid).value_or(base::ProcessId{});
      write_down();
    };
    service.process.emplace(base::Process::start(command));
  });
  service.started = clock_.steady();
  tell(Event::Kind::note,
       fmt::format("{} started (pid {})", printable(service.spec.name), service.process->pid()));
}

void Supervisor::begin(ServiceSpec spec, bool is_beside) {
  auto made = std::make_unique<Running>();
  made->is_beside = is_beside;
  made->spec = std::move(spec);
  made->delay = settings_.first_delay;
  Running& service = *services_.emplace_back(std::move(made));
  if (service.spec.schedule.empty()) return launch(service);
  service.recurs = base::Schedule::parse(service.spec.schedule);
  schedule_next(service);
  write_down();
}

void Supervisor::start_all(std::vector<ServiceSpec> specs, bool is_beside) {
  std::vector<std::string> begun;
  try {
    for (ServiceSpec& spec : specs) {
      begun.push_back(spec.name);
      begin(std::move(spec), is_beside);
    }
  } catch (const std::exception&) {
    stop_those([&](const Running& service) {
      return service.is_beside == is_beside && std::ranges::find(begun, service.spec.name) != begun.end();
    });
    throw;
  }
}

void Supervisor::start(std::vector<ServiceSpec> specs) {
  require_sound(specs, false);
  is_trial_ = false;
  open_sockets(specs);
  start_all(std::move(specs), false);
  close_unused_sockets();
}

void Supervisor::adopt() {
  for (Recorded& recorded : read_record(settings_.record)) {
    auto service = std::make_unique<Running>();
    service->process = Child::adopt(recorded.process);
    if (!service->process) end_remains(recorded);
    service->spec = std::move(recorded.spec);
    service->id = recorded.process;
    service->restarts = recorded.restarts;
    service->is_beside = recorded.is_beside;
    is_trial_ = is_trial_ || recorded.is_beside;
    service->delay = settings_.first_delay;
    service->started = service->due = clock_.steady();
    if (!service->spec.schedule.empty()) {
      service->recurs = base::Schedule::parse(service->spec.schedule);
      schedule_next(*service);
    }
    const std::string name = printable(service->spec.name);
    if (service->process)
      tell(Event::Kind::note, fmt::format("{} taken over (pid {})", name, service->id.pid));
    if (service->process) adopt_sockets(*service);
    if (!service->process && !service->recurs) service->last_end = "ended while no supervisor ran";
    services_.push_back(std::move(service));
  }
}

void Supervisor::ensure(const std::vector<ServiceSpec>& specs) {
  stop_those([&](const Running& service) { return std::ranges::find(specs, service.spec) == specs.end(); });
  std::vector<ServiceSpec> missing;
  for (const ServiceSpec& spec : specs) {
    const bool is_there =
        std::ranges::any_of(services_, [&](const auto& service) { return service->spec.name == spec.name; });
    if (!is_there) missing.push_back(spec);
  }
  start(std::move(missing));
}

void Supervisor::stop() {
  stop_those([](const Running& /*any*/) { return true; });
}

void Supervisor::stop(const std::vector<std::string>& names) {
  stop_those(
      [&](const Running& service) { return std::ranges::find(names, service.spec.name) != names.end(); });
}

void Supervisor::stop_those(const Which& which) {
  std::vector<Running*> ending;
  for (auto service = services_.rbegin(); service != services_.rend(); ++service)
    if (which(**service) && (*service)->process) ending.push_back(service->get());
  end_groups(ending);
  for (Running* service : ending) {
    tell(Event::Kind::note,
         fmt::format("{} stopped ({})", printable(service->spec.name), service->process->describe_end()));
  }
  if (std::erase_if(services_, [&](const auto& service) { return which(*service); }) > 0) write_down();
}

// Each gets its own signal and its own time; all at once.
void Supervisor::end_groups(std::vector<Running*> services) const {
  if (services.empty()) return;
  const auto began = clock_.steady();
  const auto grace = [&](const Running* service) {
    return service->spec.stop_timeout.value_or(settings_.grace);
  };
  std::vector<pid_t> groups;
  for (const Running* service : services) {
    service->process->signal_group(service->spec.stop_signal);
    groups.push_back(service->process->pid());
  }
  std::ranges::stable_sort(services, {}, grace);
  for (const Running* service : services) {
    if (base::await_end(groups, began + grace(service), clock_)) return;
    service->process->signal_group(SIGKILL);
  }
  if (base::await_end(groups, clock_.steady() + kill_limit, clock_)) return;
  throw Error(Fault::needs_hands,
              fmt::format("these processes do not end: {}", fmt::join(base::living_members(groups), ", ")),
              "they hang in the kernel: see /proc/PID/stack, then repeat the command");
}

std::vector<ServiceState> Supervisor::states() const {
  std::vector<ServiceState> states;
  for (const auto& service : services_) {
    ServiceState state;
    state.name = service->spec.name;
    state.is_beside = service->is_beside;
    state.running = service->process.has_value();
    state.pid = state.running ? service->process->pid() : 0;
    state.restarts = service->restarts;
    state.last_end = service->last_end;
    if (service->recurs) state.next = base::iso_datetime(service->next);
    states.push_back(std::move(state));
  }
  return states;
}

std::vector<ServiceSpec> Supervisor::specs() const {
  std::vector<ServiceSpec> specs;
  for (const auto& service : services_) specs.push_back(service->spec);
  return specs;
}

}  // namespace bakehouse::service
