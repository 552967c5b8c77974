#include "service/supervisor.hh"

#include "base/dir.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "base/process.hh"
#include "base/process_group.hh"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <optional>

#include <poll.h>

namespace bakehouse::service {

using base::Error;
using base::Event;
using base::Fault;
using base::Fd;
using base::printable;
using base::Process;
using std::chrono::milliseconds;

struct Supervisor::Running {
  ServiceSpec spec;
  // Not waited for before its whole group has ended; empty while a restart is awaited.
  std::optional<Process> process;
  int restarts = 0;
  std::string last_end;
  milliseconds delay;  // before the next restart
  std::chrono::steady_clock::time_point started;
  std::chrono::steady_clock::time_point due;
};

namespace {

// What KILL needs to take effect; a process that survives it hangs in the kernel.
constexpr milliseconds kill_limit = std::chrono::seconds(10);

bool has_ended(const Process& process) {
  pollfd watched{process.ended().get(), POLLIN, 0};
  return ::poll(&watched, 1, 0) > 0;
}

}  // namespace

Supervisor::Supervisor(Settings settings, base::EventSink events, base::Clock clock)
    : settings_(settings), events_(std::move(events)), clock_(std::move(clock)) {}

Supervisor::~Supervisor() {
  try {
    stop();
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): each Process still kills its group
  }
}

void Supervisor::tell(Event::Kind kind, const std::string& text) const {
  if (events_) events_({kind, "", text});
}

void Supervisor::require_sound(const std::vector<ServiceSpec>& specs) const {
  for (size_t i = 0; i < specs.size(); ++i) {
    const ServiceSpec& spec = specs[i];
    if (spec.name.empty()) throw Error(Fault::input, "a service has no name");
    const std::string shown = printable(spec.name);
    if (spec.argv.empty()) throw Error(Fault::input, fmt::format("the service '{}' has no command", shown));
    const bool twice = std::any_of(specs.begin(), specs.begin() + static_cast<ptrdiff_t>(i),
                                   [&](const ServiceSpec& other) { return other.name == spec.name; });
    if (twice) throw Error(Fault::input, fmt::format("two services are called '{}'", shown));
    if (std::ranges::any_of(services_, [&](const auto& other) { return other->spec.name == spec.name; })) {
      throw Error(Fault::input, fmt::format("the service '{}' runs already", shown),
                  "stop the services first");
    }
  }
}

void Supervisor::launch(Running& service) {
  base::with_context(fmt::format("service '{}'", printable(service.spec.name)), [&] {
    const Fd log = base::open_log(service.spec.log);
    base::Command command;
    command.argv = service.spec.argv;
    command.environment = service.spec.environment;
    command.directory = service.spec.directory;
    command.output = &log;
    service.process = Process::start(command);
  });
  service.started = clock_.steady();
  tell(Event::Kind::note,
       fmt::format("{} started (pid {})", printable(service.spec.name), service.process->pid()));
}

void Supervisor::start(std::vector<ServiceSpec> specs) {
  require_sound(specs);
  const size_t before = services_.size();
  try {
    for (ServiceSpec& spec : specs) {
      auto service = std::make_unique<Running>();
      service->spec = std::move(spec);
      service->delay = settings_.first_delay;
      launch(*service);
      services_.push_back(std::move(service));
    }
  } catch (const std::exception&) {
    stop_from(before);
    throw;
  }
}

void Supervisor::stop() { stop_from(0); }

void Supervisor::stop_from(size_t first) {
  std::vector<pid_t> groups;
  const auto signal_all = [&](int signal) {
    for (size_t i = services_.size(); i-- > first;) {
      if (services_[i]->process) services_[i]->process->signal_group(signal);
    }
  };
  for (size_t i = first; i < services_.size(); ++i) {
    if (services_[i]->process) groups.push_back(services_[i]->process->pid());
  }
  signal_all(SIGTERM);
  if (!groups.empty() && !base::await_end(groups, clock_.steady() + settings_.grace, clock_)) {
    signal_all(SIGKILL);
    if (!base::await_end(groups, clock_.steady() + kill_limit, clock_)) {
      throw Error(
          Fault::needs_hands,
          fmt::format("these processes do not end: {}", fmt::join(base::living_members(groups), ", ")),
          "they hang in the kernel: see /proc/PID/stack, then repeat the command");
    }
  }
  for (; services_.size() > first; services_.pop_back()) {
    Running& service = *services_.back();
    if (!service.process) continue;
    tell(Event::Kind::note,
         fmt::format("{} stopped ({})", printable(service.spec.name), service.process->wait().describe()));
  }
}

std::vector<ServiceState> Supervisor::states() const {
  std::vector<ServiceState> states;
  for (const auto& service : services_) {
    ServiceState state;
    state.name = service->spec.name;
    state.running = service->process.has_value();
    state.pid = state.running ? service->process->pid() : 0;
    state.restarts = service->restarts;
    state.last_end = service->last_end;
    states.push_back(std::move(state));
  }
  return states;
}

std::vector<int> Supervisor::watched() const {
  std::vector<int> descriptors;
  for (const auto& service : services_) {
    if (service->process) descriptors.push_back(service->process->ended().get());
  }
  return descriptors;
}

milliseconds Supervisor::next_wake() const {
  milliseconds wait = std::chrono::hours(1);
  for (const auto& service : services_) {
    if (service->process) continue;
    wait = std::min(wait, std::chrono::ceil<milliseconds>(service->due - clock_.steady()));
  }
  return std::max(wait, milliseconds(0));
}

void Supervisor::tend() {
  for (const auto& service : services_) {
    if (service->process && has_ended(*service->process)) note_end(*service);
    if (!service->process && clock_.steady() >= service->due) restart(*service);
  }
}

// The rest of its group goes first: it may hold the port that the next one needs.
void Supervisor::note_end(Running& service) {
  const std::string name = printable(service.spec.name);
  service.process->signal_group(SIGKILL);
  if (!base::await_end({service.process->pid()}, clock_.steady() + kill_limit, clock_)) {
    tell(Event::Kind::warning, fmt::format("{} has left a process that does not end", name));
  }
  service.last_end = service.process->wait().describe();
  service.process.reset();
  if (clock_.steady() - service.started >= settings_.steady_after) service.delay = settings_.first_delay;
  schedule(service);
}

void Supervisor::schedule(Running& service) {
  const milliseconds delay = std::min(service.delay, settings_.longest_delay);
  service.due = clock_.steady() + delay;
  service.delay = std::min(delay * 2, settings_.longest_delay);
  tell(Event::Kind::warning,
       fmt::format("{} {}; again in {} ms", printable(service.spec.name), service.last_end, delay.count()));
}

void Supervisor::restart(Running& service) {
  ++service.restarts;
  try {
    launch(service);
  } catch (const Error& error) {
    service.last_end = fmt::format("could not be started ({})", error.what());
    schedule(service);
  }
}

}  // namespace bakehouse::service
