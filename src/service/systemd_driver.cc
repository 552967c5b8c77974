#include "service/systemd_driver.hh"

#include "base/dir.hh"
#include "base/error.hh"
#include "service/background.hh"
#include "service/lock.hh"
#include "service/systemd_control.hh"
#include "service/unit_files.hh"

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
  void end() override { stop(); }
  void ensure(const std::vector<ServiceSpec>& specs) override { start(specs); }
  void start(const std::vector<ServiceSpec>& specs) override;
  std::vector<ServiceState> states() override;
  bool keeps_stopped() const override { return true; }
  bool lasting() const override { return true; }
  bool starts_later() const override { return is_before_services_; }
  void mind_deadline() override;
  void outlive_session() override;

 private:
  // The services among the root's units, as they are installed.
  Words services() const;
  std::string process_of(const std::string& unit) const;
  void install(const std::vector<Unit>& units);
  void enable();
  bool needs_reload() const;
  void start_installed();

  UnitSettings units_;
  SystemdControl control_;
  fs::path directory_;
  bool is_before_services_;
};

void require_user(const ServiceSpec& spec) {
  if (spec.user.empty() || ::getpwnam(spec.user.c_str()) != nullptr) return;
  throw Error(Fault::refused,
              fmt::format("this machine has no user '{}', as whom '{}' is to run", spec.user, spec.name),
              "make that user, or say another in `services: {user: NAME}`");
}

// Started always, or without what it listens at, it would not be what somebody has asked for.
void require_unit_can(const ServiceSpec& spec) {
  const char* const wish = !spec.schedule.empty()  ? "a schedule"
                           : !spec.sockets.empty() ? "a socket"
                                                   : nullptr;
  if (wish == nullptr) return;
  throw Error(Fault::refused,
              fmt::format("the process '{}' has {}, which units of systemd have not yet", spec.name, wish),
              "run it by the supervisor, or start it from a timer or a socket of your own");
}

void SystemdDriver::check(const std::vector<ServiceSpec>& specs) {
  const auto units = make_units(specs, units_);
  for (const ServiceSpec& spec : specs) {
    require_user(spec);
    require_unit_can(spec);
    if (spec.user.empty() || units_.scope == Scope::system) continue;
    throw Error(Fault::refused, fmt::format("only root can run '{}' as '{}'", spec.name, spec.user),
                "leave `services: {user: ...}` out of node.yaml");
  }
  base::Dir::open_or_make(directory_, 0755);
  require_names_free(directory_, units_.root, units);
  control_.verify(units);
}

Words SystemdDriver::services() const {
  const std::string around = service_name(units_.project, "");
  const std::string beginning = around.substr(0, around.rfind('.'));
  Words services;
  for (const std::string& name : units_of(directory_, units_.root)) {
    if (name.starts_with(beginning) && name.ends_with(".service")) services.push_back(name);
  }
  return services;
}

std::string SystemdDriver::process_of(const std::string& unit) const {
  const std::string around = service_name(units_.project, "");
  const size_t before = around.rfind('.');
  return unit.substr(before, unit.size() - around.size());
}

// Also what a supervisor has left that ran the processes before they became units.
void SystemdDriver::stop() {
  end_orphans(units_.root / ".bakehouse");
  Words words = services();
  if (words.empty()) return;
  words.push_back(target_name(units_.project));
  words.insert(words.begin(), "stop");
  control_.call(words);
  Words still;
  for (const ServiceState& state : states()) {
    if (state.running) still.push_back(fmt::format("{} (process {})", state.name, state.pid));
  }
  if (still.empty()) return;
  throw Error(Fault::needs_hands, fmt::format("these processes do not end: {}", fmt::join(still, ", ")),
              "they hang in the kernel: see /proc/PID/stack, then repeat the command");
}

bool SystemdDriver::needs_reload() const {
  Words words{"show", "--property=NeedDaemonReload", target_name(units_.project)};
  const Words names = services();
  words.insert(words.end(), names.begin(), names.end());
  return control_.call(words).find("NeedDaemonReload=yes") != std::string::npos;
}

void SystemdDriver::stop(const std::vector<std::string>& names) {
  if (names.empty()) return;
  Words words{"stop"};
  for (const std::string& name : names) words.push_back(service_name(units_.project, name));
  control_.call(words);
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
  for (const std::string& name : services()) words.push_back(name);
  control_.call(words);
}

void SystemdDriver::start(const std::vector<ServiceSpec>& specs) {
  for (const ServiceSpec& spec : specs) require_unit_can(spec);
  for (const ServiceSpec& spec : specs) base::Dir::open_or_make(spec.log.parent_path());
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
  if (names.empty()) return states;
  Words words{"show", fmt::format("--property={}", state_properties)};
  words.insert(words.end(), names.begin(), names.end());
  const std::string answer = control_.call(words);
  // One paragraph a unit, in the order of the question.
  std::string_view rest = answer;
  for (const std::string& name : names) {
    const size_t end = std::min(rest.find("\n\n"), rest.size());
    states.push_back(parse_unit_state(rest.substr(0, end), process_of(name)));
    rest.remove_prefix(std::min(rest.size(), end + 2));
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
  const passwd* user = ::getpwuid(::geteuid());
  return fs::path(user != nullptr ? user->pw_dir : "/") / ".config/systemd/user";
}

bool has_units(const fs::path& root) { return !units_of(unit_directory(), root).empty(); }

}  // namespace bakehouse::service
