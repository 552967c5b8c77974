#include "base/address.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/schedule.hh"
#include "config/names.hh"
#include "config/project_parts.hh"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include <arpa/inet.h>

namespace bakehouse::config {
namespace {

using base::printable;
using text::Diagnostics;
using text::MapReader;
using text::Value;

constexpr int most_instances = 100;
constexpr std::chrono::milliseconds longest_stop = std::chrono::minutes(5);

struct SignalName {
  const char* name;
  int number;
};
constexpr std::array<SignalName, 8> signals = {{{"TERM", SIGTERM},
                                                {"INT", SIGINT},
                                                {"QUIT", SIGQUIT},
                                                {"HUP", SIGHUP},
                                                {"USR1", SIGUSR1},
                                                {"USR2", SIGUSR2},
                                                {"WINCH", SIGWINCH},
                                                {"KILL", SIGKILL}}};

int decode_signal(MapReader& map) {
  std::vector<std::string> names;
  names.reserve(signals.size());
  for (const auto& each : signals) names.emplace_back(each.name);
  const auto word = map.choice("stop-signal", names);
  if (!word) return SIGTERM;
  return std::ranges::find_if(signals, [&](const SignalName& each) { return *word == each.name; })->number;
}

std::optional<std::chrono::milliseconds> decode_stop_timeout(MapReader& map, Diagnostics& faults) {
  const auto timeout = positive_duration(map, "stop-timeout", faults);
  if (!timeout || *timeout <= longest_stop) return timeout;
  faults.add(map.take("stop-timeout")->origin(), "'stop-timeout' is at most 5m",
             "nobody is served while a deployment waits for it");
  return std::nullopt;
}

std::string decode_schedule(MapReader& map, Diagnostics& faults) {
  const Value* value = map.take("schedule");
  const auto text = map.text("schedule");
  if (!text) return {};
  try {
    base::Schedule::parse(*text);
  } catch (const base::Error& error) {
    faults.add(value->origin(), error.what(), error.hint());
  }
  return *text;
}

// How it runs: how often, when, and how it is ended.
void decode_habits(MapReader& map, const std::string& shown, ProcessSettings& process, Diagnostics& faults) {
  if (const auto count = map.integer("count", 0, most_instances)) process.count = static_cast<int>(*count);
  process.after = map.texts("after").value_or(std::vector<std::string>{});
  process.stop_signal = decode_signal(map);
  process.stop_timeout = decode_stop_timeout(map, faults);
  process.schedule = decode_schedule(map, faults);
  if (process.schedule.empty() || process.count.value_or(0) <= 1) return;
  faults.add(map.take("count")->origin(),
             fmt::format("the process '{}' has a 'schedule': it is one at a time", shown),
             "leave 'count' out");
}

// In numbers: the machine that listens must not ask another one where.
bool is_numeric_address(const std::string& text) {
  const auto address = base::parse_address(text);
  in6_addr numbers{};
  return address && ::inet_pton(address->is_six ? AF_INET6 : AF_INET, address->host.c_str(), &numbers) == 1;
}

std::optional<std::string> decode_socket(MapReader& map, const std::string& shown, Diagnostics& faults) {
  const Value* value = map.take("socket");
  auto address = map.text("socket");
  if (!address) return std::nullopt;
  if (!is_numeric_address(*address)) {
    faults.add(value->origin(),
               fmt::format("'{}' is no address to listen at", printable(address->substr(0, 100))),
               "write it in numbers: 127.0.0.1:8000, 0.0.0.0:80 or [::]:8000");
  }
  if (map.take("port") != nullptr) {
    faults.add(value->origin(), fmt::format("the process '{}' has a 'port' and a 'socket'", shown),
               "leave one out: with a socket PORT is its port");
  }
  return address;
}

ProcessSettings decode_process(const std::string& name, const Value& value, Diagnostics& faults) {
  ProcessSettings process;
  const std::string shown = printable(name);
  MapReader map(value, fmt::format("the process '{}'", shown), faults);
  process.command = map.text("command");
  if (process.command && process.command->find_first_not_of(" \t\n") == std::string::npos) {
    faults.add(map.take("command")->origin(), fmt::format("the command of the process '{}' is empty", shown));
  }
  if (const auto port = map.integer("port", 1, 65535)) process.port = static_cast<int>(*port);
  process.socket = decode_socket(map, shown, faults);
  decode_habits(map, shown, process, faults);
  if (const Value* variables = map.take("env"))
    process.variables =
        decode_process_variables(*variables, fmt::format("'env' of the process '{}'", shown), faults);
  refuse_unsupported(map, fmt::format("processes.{}.", shown), {"backing"}, faults);
  map.finish();
  return process;
}

// Of all instances.
void claim_ports(const std::string& name, const ProcessSettings& process, const Value& at,
                 std::map<int, std::string>& owners, Diagnostics& faults) {
  if (!process.port) return;
  const int end = *process.port + process.count.value_or(1);
  if (end > 65536) {
    faults.add(at.origin(), fmt::format("the process '{}' has more instances than there are ports from {} on",
                                        printable(name), *process.port));
  }
  for (int port = *process.port; port < end; ++port) {
    const auto [owner, is_free] = owners.emplace(port, name);
    if (is_free) continue;
    faults.add(at.origin(), fmt::format("the process '{}' has the port of the process '{}', {}",
                                        printable(name), printable(owner->second), port));
    return;
  }
}

}  // namespace

std::map<std::string, ProcessSettings> decode_processes(const Value& value, Diagnostics& faults) {
  const text::MapReader shape(value, "'processes'", faults);
  std::map<std::string, ProcessSettings> processes;
  std::map<int, std::string> owners;  // of ports
  for (const auto& [name, settings] : value.members()) {
    if (settings.is_null()) continue;
    if (const auto reason = why_not_word(name)) {
      faults.add(settings.origin(),
                 fmt::format("the process '{}' {}", printable(name.substr(0, 200)), *reason));
    }
    const ProcessSettings process = decode_process(name, settings, faults);
    processes.emplace(name, process);
    claim_ports(name, process, settings, owners, faults);
  }
  return processes;
}

}  // namespace bakehouse::config
