#include "service/systemd_driver.hh"

#include "base/dir.hh"
#include "base/error.hh"
#include "service/account.hh"
#include "service/background.hh"
#include "service/listener.hh"
#include "service/lock.hh"
#include "service/systemd_control.hh"
#include "service/unit_files.hh"
#include "service/unit_socket.hh"
#include "service/unit_timer.hh"

#include <algorithm>
#include <cstdlib>

#include <pwd.h>
#include <unistd.h>

namespace bakehouse::service {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using Scope = UnitSettings::Scope;
using Words = std::vector<std::string>;

Scope own_scope() { return ::geteuid() == 0 ? Scope::system : Scope::user; }

class SystemdDriver : public ServiceDriver {
 public:
  SystemdDriver(UnitSettings units, SystemdControl control, bool is_before_services)
      : units_(std::move(units)),
        control_(std::move(control)),
        directory_(unit_directory()),
        is_before_services_(is_before_services) {}

  void check(const std::vector<ServiceSpec>& specs) override;
  void stop() override;
  void stop(const std::vector<std::string>& names) override;
  void end() override;
  void ensure(const std::vector<ServiceSpec>& specs) override { start(specs); }
  void start(const std::vector<ServiceSpec>& specs) override;
  std::vector<ServiceState> states() override;
  bool keeps_stopped() const override { return true; }
  bool lasting() const override { return true; }
  bool starts_later() const override { return is_before_services_; }
  void mind_deadline() override;
  void outlive_session() override;

 private:
  // The root's units of a kind (".socket"), as they are installed.
  Words installed(std::string_view kind) const;
  // Those of its processes among the services.
  Words services() const;
  bool has_timer(const std::string& process) const;
  std::string process_of(const std::string& unit) const;
  void stop_units(Words names);
  void require_ended();
  void close_sockets_but(const Words& wanted);
  void require_free_addresses(const std::vector<ServiceSpec>& specs) const;
  void install(const std::vector<Unit>& units);
  void enable();
  bool needs_reload() const;
  void start_installed();
  bool is_any_started_anew() const;

  UnitSettings units_;
  SystemdControl control_;
  fs::path directory_;
  bool is_before_services_;
};

void append(Words& words, const Words& more) { words.insert(words.end(), more.begin(), more.end()); }

void require_user(const ServiceSpec& spec) {
  if (spec.user.empty() || ::getpwnam(spec.user.c_str()) != nullptr) return;
  throw Error(Fault::refused,
              fmt::format("this machine has no user '{}', as whom '{}' is to run", spec.user, spec.name),
              "make that user, or say another in `services: {user: NAME}`");
}

void SystemdDriver::check(const std::vector<ServiceSpec>& specs) {
  const auto units = make_units(specs, units_);
  for (const ServiceSpec& spec : specs) {
    require_user(spec);
    if (spec.user.empty() || units_.scope == Scope::system) continue;
    throw Error(Fault::refused, fmt::format("only root can run '{}' as '{}'", spec.name, spec.user),
                "leave `services: {user: ...}` out of node.yaml");
  }
  base::Dir::open_or_make(directory_, 0755);
  require_names_free(directory_, units_.root, units);
  control_.verify(units);
}

Words SystemdDriver::installed(std::string_view kind) const {
  Words names = units_of(directory_, units_.root);
  std::erase_if(names, [&](const std::string& name) { return !name.ends_with(kind); });
  return names;
}

Words SystemdDriver::services() const {
  const std::string around = service_name(units_.project, "");
  const std::string beginning = around.substr(0, around.rfind('.'));
  Words services = installed(".service");
  std::erase_if(services, [&](const std::string& name) { return !name.starts_with(beginning); });
  return services;
}

bool SystemdDriver::has_timer(const std::string& process) const {
  const Words timers = installed(".timer");
  return std::ranges::find(timers, timer_name(units_.project, process)) != timers.end();
}

std::string SystemdDriver::process_of(const std::string& unit) const {
  const std::string around = service_name(units_.project, "");
  const size_t before = around.rfind('.');
  return unit.substr(before, unit.size() - around.size());
}

void SystemdDriver::stop_units(Words names) {
  if (names.empty()) return;
  names.insert(names.begin(), "stop");
  control_.call(names);
}

// Also what a supervisor has left that ran the processes before they became units. Sockets stay, and so does
// the target, which would take them with it.
void SystemdDriver::stop() {
  end_orphans(units_.root / ".bakehouse");
  // Timers first: one that is due meanwhile would start its service again.
  Words words = installed(".timer");
  append(words, services());
  if (words.empty()) return;
  stop_units(std::move(words));
  require_ended();
}

void SystemdDriver::end() {
  stop();
  Words words = installed(".socket");
  append(words, installed(".target"));
  stop_units(std::move(words));
}

void SystemdDriver::require_ended() {
  Words still;
  for (const ServiceState& state : states()) {
    if (state.running) still.push_back(fmt::format("{} (process {})", state.name, state.pid));
  }
  if (still.empty()) return;
  throw Error(Fault::needs_hands, fmt::format("these processes do not end: {}", fmt::join(still, ", ")),
              "they hang in the kernel: see /proc/PID/stack, then repeat the command");
}

bool SystemdDriver::needs_reload() const {
  const auto answers = control_.show("NeedDaemonReload", units_of(directory_, units_.root));
  return std::ranges::any_of(answers, [](const auto& answer) { return answer.ends_with("=yes"); });
}

void SystemdDriver::stop(const std::vector<std::string>& names) {
  Words words;
  for (const std::string& name : names) {
    if (has_timer(name)) words.push_back(timer_name(units_.project, name));
    words.push_back(service_name(units_.project, name));
  }
  stop_units(std::move(words));
}

// systemd is asked, too: whoever wrote the files may have been killed before it read them.
void SystemdDriver::install(const std::vector<Unit>& units) {
  const bool is_changed = install_units(directory_, units_.root, units);
  if (is_changed || needs_reload()) control_.call({"daemon-reload"});
}

// What somebody has disabled comes back with the next deployment: it would be missing after a restart.
void SystemdDriver::enable() {
  const std::string target = target_name(units_.project);
  const bool is_enabled = fs::is_symlink(directory_ / (wanted_by(units_.scope) + ".wants") / target);
  if (!is_enabled) control_.call({"--quiet", "enable", target});
}

// Each service wants the recovery of its root to have been. While somebody holds the root's lock that one
// ends at once: whoever holds it has recovered before he began.
void SystemdDriver::start_installed() {
  Words words{"start"};
  if (is_before_services_) words.emplace_back("--no-block");
  words.push_back(target_name(units_.project));
  append(words, installed(".socket"));
  append(words, installed(".timer"));
  for (const std::string& name : services())
    if (!has_timer(process_of(name))) words.push_back(name);
  try {
    control_.call(words);
  } catch (const Error&) {
    if (!is_any_started_anew()) throw;
  }
}

// Whoever ends at once ends before systemd counts it as started, or after; how it did is told by its state,
// and not by a job that has failed.
bool SystemdDriver::is_any_started_anew() const {
  const auto answers = control_.show("SubState,NRestarts", services());
  return std::ranges::any_of(answers, [](const std::string& answer) {
    const auto says = [&](const char* words) { return answer.find(words) != std::string::npos; };
    return says("SubState=auto-restart") || (says("SubState=running") && !says("NRestarts=0"));
  });
}

// Before the new units are known: by the old ones nothing that runs on hangs on them.
void SystemdDriver::close_sockets_but(const Words& wanted) {
  Words words = installed(".socket");
  std::erase_if(words, [&](const auto& name) { return std::ranges::find(wanted, name) != wanted.end(); });
  stop_units(std::move(words));
}

// systemd would only say that a job has failed.
void SystemdDriver::require_free_addresses(const std::vector<ServiceSpec>& specs) const {
  for (const std::string& address : addresses_of(specs)) {
    const auto answers = control_.show("ActiveState", {socket_name(units_.project, address)});
    if (answers.front() != "ActiveState=active") require_free(address);
  }
}

void SystemdDriver::start(const std::vector<ServiceSpec>& specs) {
  for (const ServiceSpec& spec : specs) base::Dir::open_or_make(spec.log.parent_path());
  Words sockets;
  for (const std::string& address : addresses_of(specs))
    sockets.push_back(socket_name(units_.project, address));
  close_sockets_but(sockets);
  // Who is before the services is before whatever gives this machine its addresses, too.
  if (!is_before_services_) require_free_addresses(specs);
  install(make_units(specs, units_));
  enable();
  start_installed();
}

void SystemdDriver::outlive_session() { control_.enter_scope(detached_name(units_.project)); }

// It waits until we have let go of the lock.
void SystemdDriver::mind_deadline() { control_.call({"start", "--no-block", expiry_name(units_.project)}); }

std::vector<ServiceState> SystemdDriver::states() {
  std::vector<ServiceState> states;
  const Words names = services();
  const auto answers = control_.show(state_properties, names);
  for (size_t i = 0; i < names.size(); ++i)
    states.push_back(parse_unit_state(answers.at(i), process_of(names[i])));
  const Words timers = installed(".timer");
  const auto times = control_.show(timer_properties, timers);
  for (ServiceState& state : states) {
    const auto timer = std::ranges::find(timers, timer_name(units_.project, state.name));
    if (timer != timers.end())
      state.next = parse_next_time(times.at(static_cast<size_t>(timer - timers.begin())));
  }
  return states;
}

void require_no_supervisor(const fs::path& root) {
  const auto holder = SupervisorLock::holder(base::Dir::open(root / ".bakehouse"));
  if (!holder) return;
  throw Error(
      Fault::refused,
      fmt::format("`release serve` runs the processes of '{}' ({}), and node.yaml says `services: {{driver: "
                  "systemd}}`",
                  root.native(), *holder),
      "end it; the next start makes units of them");
}

}  // namespace

std::unique_ptr<ServiceDriver> open_systemd_driver(const SystemdSettings& settings) {
  require_no_supervisor(settings.root);
  SystemdControl control(own_scope());
  control.require_manager();
  UnitSettings units{settings.project, settings.root, settings.release, own_scope(), control.version()};
  return std::make_unique<SystemdDriver>(std::move(units), std::move(control), settings.is_before_services);
}

fs::path unit_directory() {
  if (own_scope() == Scope::system) return "/etc/systemd/system";
  if (const char* configuration = std::getenv("XDG_CONFIG_HOME"))
    return fs::path(configuration) / "systemd/user";
  return fs::path(own_home()) / ".config/systemd/user";
}

bool has_units(const fs::path& root) { return !units_of(unit_directory(), root).empty(); }

}  // namespace bakehouse::service
