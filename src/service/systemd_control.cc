#include "service/systemd_control.hh"

#include "base/clock.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "base/process.hh"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>

#include <unistd.h>

namespace bakehouse::service {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;

// Longer than TimeoutStopSec of every unit, and than KILL takes after it.
constexpr std::chrono::minutes longest_call(10);

std::vector<std::string> quiet_environment() {
  std::vector<std::string> environment{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                                       "LANG=C.UTF-8", "TZ=UTC", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER=",
                                       // What they complain of is no word about our units.
                                       "SYSTEMD_ENVIRONMENT_GENERATOR_PATH=/dev/null",
                                       "SYSTEMD_GENERATOR_PATH=/dev/null"};
  for (const char* name : {"HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"}) {
    if (const char* value = std::getenv(name)) environment.push_back(fmt::format("{}={}", name, value));
  }
  // A session by ssh or su may lack it.
  if (std::getenv("XDG_RUNTIME_DIR") == nullptr)
    environment.push_back(fmt::format("XDG_RUNTIME_DIR=/run/user/{}", ::geteuid()));
  return environment;
}

std::map<std::string, std::string> parse_properties(std::string_view lines) {
  std::map<std::string, std::string> properties;
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    const size_t sign = line.find('=');
    if (sign == std::string_view::npos) continue;
    properties.emplace(std::string(line.substr(0, sign)), std::string(line.substr(sign + 1)));
  }
  return properties;
}

int as_number(const std::string& text) { return static_cast<int>(std::strtol(text.c_str(), nullptr, 10)); }

// In the words of an ended process (base::ExitStatus); "" when it has not ended.
std::string describe_end(std::map<std::string, std::string>& properties) {
  const int code = as_number(properties["ExecMainCode"]);
  const int status = as_number(properties["ExecMainStatus"]);
  base::ExitStatus end;
  if (code == 0) return {};
  if (code == CLD_EXITED) end.code = status;
  if (code != CLD_EXITED) end.signal = status;
  return end.describe();
}

}  // namespace

const char* const state_properties = "ActiveState,MainPID,NRestarts,ExecMainCode,ExecMainStatus,Result";
const char* const timer_properties = "ActiveState,NextElapseUSecRealtime";

ServiceState parse_unit_state(std::string_view lines, std::string name) {
  auto properties = parse_properties(lines);
  ServiceState state;
  state.name = std::move(name);
  const std::string& active = properties["ActiveState"];
  state.pid = as_number(properties["MainPID"]);
  state.running = (active == "active" || active == "reloading") && state.pid > 0;
  if (!state.running) state.pid = 0;
  state.restarts = as_number(properties["NRestarts"]);
  state.last_end = describe_end(properties);
  const std::string& result = properties["Result"];
  if (state.last_end.empty() && !state.running && !result.empty() && result != "success")
    state.last_end = fmt::format("could not be started ({})", base::printable(result));
  if (state.last_end.empty() && state.restarts > 0) state.last_end = "has ended and was started again";
  return state;
}

// "Sat 2026-11-28 13:30:00 UTC"
std::string parse_next_time(std::string_view lines) {
  constexpr std::string_view form = "Sat 2026-11-28 13:30:00 UTC";
  auto properties = parse_properties(lines);
  const std::string& shown = properties["NextElapseUSecRealtime"];
  if (properties["ActiveState"] != "active" || shown.size() != form.size() || !shown.ends_with(" UTC"))
    return {};
  return shown.substr(4, 10) + "T" + shown.substr(15, 8) + "Z";
}

SystemdControl::SystemdControl(UnitSettings::Scope scope)
    : scope_(scope), environment_(quiet_environment()) {}

std::vector<std::string> SystemdControl::systemctl(const std::vector<std::string>& words) const {
  std::vector<std::string> argv{"systemctl", "--no-ask-password", "--no-pager"};
  if (scope_ == UnitSettings::Scope::user) argv.emplace_back("--user");
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

SystemdControl::Outcome SystemdControl::run(std::vector<std::string> argv) const {
  base::Command command;
  command.argv = std::move(argv);
  command.environment = environment_;
  base::Limits limits;
  limits.time = longest_call;
  Outcome outcome;
  const auto status = base::run(command, limits, [&](std::string_view line) {
    outcome.text += line;
    outcome.text += '\n';
  });
  outcome.ok = status.ok();
  outcome.how = status.describe();
  return outcome;
}

std::string SystemdControl::call(const std::vector<std::string>& words) const {
  const Outcome outcome = run(systemctl(words));
  if (outcome.ok) return outcome.text;
  throw Error(Fault::internal, fmt::format("`systemctl {}` {}\n{}", words.front(), outcome.how,
                                           base::printable_lines(outcome.text)));
}

std::vector<std::string> SystemdControl::show(const std::string& properties,
                                              const std::vector<std::string>& units) const {
  if (units.empty()) return {};
  std::vector<std::string> words{"show", fmt::format("--property={}", properties)};
  words.insert(words.end(), units.begin(), units.end());
  const std::string text = call(words);
  std::vector<std::string> answers;
  // One paragraph a unit, in the order of the question.
  std::string_view rest = text;
  for (size_t i = 0; i < units.size(); ++i) {
    std::string_view answer = rest.substr(0, rest.find("\n\n"));
    rest.remove_prefix(std::min(rest.size(), answer.size() + 2));
    if (answer.ends_with('\n')) answer.remove_suffix(1);
    answers.emplace_back(answer);
  }
  return answers;
}

namespace {

// systemd answers before it has moved us, and whom we start until then stays behind.
bool is_soon_in(const std::string& scope) {
  constexpr int looks = 1000;
  const base::Clock clock = base::system_clock();
  for (int i = 0; i < looks; ++i) {
    const auto groups = base::read_file_if_any("/proc/self/cgroup", 65536).value_or("");
    if (groups.find("/" + scope + "\n") != std::string::npos) return true;
    clock.wait(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace

// systemd-run would start a program; this one runs already, and holds a lock.
void SystemdControl::enter_scope(const std::string& name) const {
  std::vector<std::string> argv{"busctl", "call"};
  if (scope_ == UnitSettings::Scope::user) argv.emplace_back("--user");
  const auto own = std::to_string(::getpid());
  for (const std::string& word : std::initializer_list<std::string>{
           "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
           "StartTransientUnit", "ssa(sv)a(sa(sv))", name, "fail", "1", "PIDs", "au", "1", own, "0"})
    argv.push_back(word);
  const Outcome outcome = run(argv);
  if (outcome.ok && is_soon_in(name)) return;
  const std::string why = outcome.ok ? fmt::format("it moves nothing into {}", name) : outcome.text;
  throw Error(Fault::refused,
              fmt::format("systemd does not let this go on apart: {}", base::printable_lines(why)),
              "do without `--detach`");
}

int SystemdControl::version() const {
  const std::string text = call({"--version"});  // "systemd 252 (252.38-1~deb12u1)"
  const size_t blank = text.find(' ');
  const int number = blank == std::string::npos ? 0 : as_number(text.substr(blank));
  if (number > 0) return number;
  throw Error(Fault::internal, "`systemctl --version` does not say which one it is");
}

void SystemdControl::require_manager() const {
  const bool is_user = scope_ == UnitSettings::Scope::user;
  if (!fs::is_directory("/run/systemd/system")) {
    throw Error(Fault::refused,
                "systemd does not run this machine, and node.yaml says `services: {driver: systemd}`",
                "say `driver: supervisor` there, and run the processes by `release serve`");
  }
  const Outcome outcome = run(systemctl({"show", "--property=Version"}));
  if (!outcome.ok) {
    throw Error(Fault::refused,
                fmt::format("systemd does not answer: {}", base::printable(outcome.text.substr(0, 500))),
                is_user ? "log in as that user, or begin with `loginctl enable-linger`" : "");
  }
  if (is_user) require_lingering();
}

// Otherwise its processes would end when the user logs out, and not come back with the machine.
void SystemdControl::require_lingering() const {
  const std::string user = std::to_string(::geteuid());
  const Outcome outcome = run({"loginctl", "show-user", user, "--property=Linger"});
  if (outcome.ok && outcome.text.find("Linger=yes") != std::string::npos) return;
  if (run({"loginctl", "--no-ask-password", "enable-linger", user}).ok) return;
  throw Error(Fault::refused, "systemd would end the processes of this user when he logs out",
              fmt::format("let an administrator type `loginctl enable-linger {}`", user));
}

void SystemdControl::verify(const std::vector<Unit>& units) const {
  if (units.empty()) return;
  const base::TempDir scratch;
  std::vector<std::string> argv{"systemd-analyze", "verify", "--man=no", "--recursive-errors=no"};
  if (scope_ == UnitSettings::Scope::user) argv.insert(argv.begin() + 1, "--user");
  for (const Unit& unit : units) {
    const fs::path file = scratch.path() / unit.name;
    base::write_file(file, unit.text);
    argv.push_back(file.native());
  }
  const Outcome outcome = run(argv);
  // What it does not know it only tells of, and goes on without.
  if (outcome.ok && outcome.text.empty()) return;
  throw Error(Fault::input,
              fmt::format("systemd does not accept the units of this release:\n{}",
                          base::printable_lines(outcome.text)),
              "see `services` and `processes` in bake.yaml and node.yaml");
}

}  // namespace bakehouse::service
