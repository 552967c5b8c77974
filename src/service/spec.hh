// A process to keep running, fully decided: the supervisor knows nothing of releases.
#pragma once

#include "base/process.hh"
#include "text/value.hh"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::service {

// How large a log may become, and how many files of the past are kept beside it.
struct LogLimits {
  uint64_t size = uint64_t{10} * 1024 * 1024;
  int keep = 5;

  friend bool operator==(const LogLimits&, const LogLimits&) = default;
};

struct ServiceSpec {
  std::string name;
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // whole; nothing is inherited
  std::filesystem::path directory;
  std::filesystem::path log;  // appended to
  LogLimits log_limits = {};
  int stop_signal = SIGTERM;
  std::optional<std::chrono::milliseconds> stop_timeout = {};  // before KILL; else the supervisor's
  // Five fields of cron: started then, and not again when it ends. "": kept running.
  std::string schedule = {};
  // Where somebody listens for it, also while it does not run: "127.0.0.1:8000".
  std::vector<std::string> sockets = {};
  // The path of run/: the process goes on to see what is there when it starts. "": it does not.
  std::filesystem::path pinned = {};
  std::string user = {};  // "": that of the manager, or of the supervisor
  // The same in numbers, in place of the name, for a supervisor: it looks up no users.
  std::optional<base::Identity> identity = {};
  // For units of systemd alone; never sent to a supervisor.
  std::filesystem::path variables = {};  // a file of further ones; "": none
  bool is_hardened = true;
  std::map<std::string, std::string> hardening = {};  // over what a unit takes away by itself
  std::vector<std::filesystem::path> writable = {};   // the rest is read-only where it is hardened
  std::vector<std::string> after = {};                // those that are started before

  friend bool operator==(const ServiceSpec&, const ServiceSpec&) = default;
};

struct ServiceState {
  std::string name;
  bool running = false;
  int pid = 0;
  int restarts = 0;
  std::string last_end;    // how it ended last; "" when it never did
  std::string next = {};   // of a scheduled one: when it is started next, "2026-01-31T12:00:00Z"
  bool is_beside = false;  // tried while those that serve go on

  // Whether all is as it should be, as far as its process tells.
  bool is_well() const { return running || !next.empty(); }
};

text::Value encode(const ServiceSpec& spec);
ServiceSpec decode_spec(const text::Value& value);
text::Value encode(const ServiceState& state);
ServiceState decode_state(const text::Value& value);

}  // namespace bakehouse::service
