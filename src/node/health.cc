#include "node/health.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "base/process.hh"
#include "net/http.hh"
#include "net/tcp.hh"
#include "node/hooks.hh"
#include "node/release_tree.hh"
#include "node/services.hh"
#include "phase/hooks.hh"
#include "service/account.hh"
#include "service/listener.hh"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Fault;
using config::HealthCheck;
using std::chrono::milliseconds;

void check_http(const HealthCheck& check, milliseconds limit, const std::string& source) {
  net::HttpLimits limits;
  limits.time = limit;
  limits.source = source;
  const net::HttpAnswer answer = net::http_get(check.target, limits);
  const std::string body = base::printable(answer.body.substr(0, 200));
  if (answer.status != check.status) {
    throw Error(Fault::build,
                fmt::format("answered {} instead of {}: {}", answer.status, check.status, body));
  }
  if (check.body && answer.body.find(*check.body) == std::string::npos) {
    throw Error(Fault::build,
                fmt::format("the answer does not hold '{}': {}", base::printable(*check.body), body));
  }
}

void check_command(const HealthCheck& check, base::Command command, milliseconds limit,
                   const phase::Surroundings& around) {
  command.argv = {"/bin/bash", "-c", check.target};
  base::Limits limits;
  limits.time = limit;
  limits.cancelled = around.cancelled;
  std::string last_line;
  const auto status = base::run(command, limits, [&](std::string_view line) { last_line = line; });
  if (!status.ok())
    throw Error(Fault::build, fmt::format("{}: {}", status.describe(), base::printable(last_line)));
}

// Why it failed, or nullopt.
std::optional<std::string> try_once(const HealthCheck& check, const base::Command& command,
                                    milliseconds limit, const phase::Surroundings& around,
                                    const std::string& source) {
  try {
    switch (check.kind) {
      case HealthCheck::Kind::http: check_http(check, limit, source); break;
      case HealthCheck::Kind::tcp: net::tcp_probe(check.target, limit, source); break;
      case HealthCheck::Kind::command: check_command(check, command, limit, around); break;
    }
    return std::nullopt;
  } catch (const Error& error) {
    return error.what();
  }
}

std::string last_lines_of_log(const Node& node, const std::string& service) {
  constexpr size_t wanted = 5;
  constexpr uint64_t tail_size = 4096;
  const auto path = node.root.state() / "logs" / (service + ".log");
  std::error_code none;
  if (!std::filesystem::exists(path, none)) return {};
  const base::Fd file = base::open_for_reading(path);
  const uint64_t size = base::stat_of(file, path.native()).size;
  std::string tail(std::min(size, tail_size), '\0');
  tail.resize(base::read_some_at(file, tail, size - tail.size(), path.native()));
  std::string text;
  size_t lines = 0;
  while (!tail.empty() && lines < wanted) {
    if (tail.back() == '\n') tail.pop_back();
    const size_t start = tail.rfind('\n');
    text = "\n  | " + base::printable(tail.substr(start == std::string::npos ? 0 : start + 1)) + text;
    tail.resize(start == std::string::npos ? 0 : start + 1);
    ++lines;
  }
  return text;
}

// On trial beside others, whoever asks must be told apart.
bool is_trial(const std::vector<service::ServiceState>& states) {
  return std::ranges::any_of(states, [](const auto& state) { return state.is_beside; });
}

std::string source_of_probes(service::ServiceDriver& services) {
  return is_trial(services.states()) ? std::string(service::probe_source) : std::string();
}

void require_processes(const Node& node, service::ServiceDriver& services) {
  const auto states = services.states();
  const bool beside = is_trial(states);
  for (const auto& state : states) {
    if (state.is_beside != beside) continue;
    if (state.is_well() && state.restarts == 0) continue;
    throw Error(Fault::build, fmt::format("the process '{}' {}{}", state.name,
                                          state.last_end.empty() ? "does not run" : state.last_end,
                                          last_lines_of_log(node, state.name)));
  }
}

std::string with_logs(const Node& node, service::ServiceDriver& services) {
  std::string text;
  for (const auto& state : services.states()) text += last_lines_of_log(node, state.name);
  return text;
}

// In slices, so that a wish to stop is heard.
void pause(milliseconds duration, const phase::Surroundings& around) {
  constexpr milliseconds slice(100);
  const auto end = around.clock.steady() + duration;
  for (;;) {
    if (around.cancelled()) throw Error(Fault::reverted, "cancelled");
    const auto left = std::chrono::duration_cast<milliseconds>(end - around.clock.steady());
    if (left.count() <= 0) return;
    around.clock.wait(std::min(left, slice));
  }
}

// One look may take as long as `every`, and five seconds at least, however little of `within` is left.
milliseconds limit_of_one_look(const HealthCheck& check) {
  return std::min(check.within, std::max(check.every, milliseconds(5000)));
}

// How far one check has come.
struct Streak {
  int successes = 0;
  std::chrono::steady_clock::time_point since;
};

bool is_well(const HealthCheck& check, const Streak& streak) { return streak.successes >= check.times; }

void require_one(const Node& node, const HealthCheck& check, const base::Command& command,
                 service::ServiceDriver& services, const phase::Surroundings& around) {
  const base::Clock& clock = around.clock;
  const auto began = clock.steady();
  const auto fail = [&](std::string_view what, const std::string& reason) {
    throw Error(Fault::build, fmt::format("{}: {}: {}{}", base::printable(check.target), what, reason,
                                          with_logs(node, services)));
  };
  const std::string source = source_of_probes(services);
  Streak streak;
  for (;; pause(check.every, around)) {
    require_processes(node, services);
    const auto failure = try_once(check, command, limit_of_one_look(check), around, source);
    const auto now = clock.steady();
    if (failure) {
      if (is_well(check, streak)) fail("did not stay well", *failure);
      streak = {};
    } else {
      if (streak.successes++ == 0) streak.since = now;
      if (is_well(check, streak) && now - streak.since >= check.stay) return;
    }
    // Once it is well often enough only `stay` counts, however long that is.
    if (!is_well(check, streak) && now - began >= check.within) {
      fail(fmt::format("not well within {} ms", check.within.count()),
           failure.value_or("too few successes in a row"));
    }
  }
}

// What the commands of checks have in common: they run as a process would, but without its port.
base::Command command_of_checks(const Node& node, const std::string& deployment, const std::string& version,
                                const std::optional<std::string>& user, const std::string& source) {
  base::Command command;
  command.environment = base_environment(node, deployment, version, user);
  command.environment.emplace_back("BAKEHOUSE_PHASE=health");
  if (!source.empty()) command.environment.push_back("BAKEHOUSE_PROBE_SOURCE=" + source);
  command.directory = node.root.at(node.root.layout.run);
  if (user) command.identity = service::identity_of(*user);
  return command;
}

}  // namespace

void require_health(const Node& node, const std::string& deployment, const std::string& version,
                    service::ServiceDriver& services, const phase::Surroundings& around) {
  // A process that dies of a bad configuration does so at once, but not within no time at all.
  constexpr milliseconds settling(300);
  const config::Project project = read_configuration(node, deployment);
  const auto& checks = project.health;
  const base::Command command =
      command_of_checks(node, deployment, version, project.services.user, source_of_probes(services));
  const auto began = around.clock.steady();
  const auto check_all = [&] {
    for (const HealthCheck& check : checks) require_one(node, check, command, services, around);
  };
  const bool runs_programs = std::ranges::any_of(
      checks, [](const HealthCheck& check) { return check.kind == HealthCheck::Kind::command; });
  phase::end_what_stays(runs_programs ? hook_marks(node) : std::vector<std::string>(), around, check_all);
  const bool runs_anything = !services.states().empty();
  const auto passed = std::chrono::duration_cast<milliseconds>(around.clock.steady() - began);
  if (runs_anything && passed < settling) pause(settling - passed, around);
  require_processes(node, services);
}

}  // namespace bakehouse::node
