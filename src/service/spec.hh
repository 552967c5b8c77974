// A process to keep running, fully decided: the supervisor knows nothing of releases.
#pragma once

#include "text/value.hh"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace bakehouse::service {

struct ServiceSpec {
  std::string name;
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // whole; nothing is inherited
  std::filesystem::path directory;
  std::filesystem::path log;  // appended to
  // For units of systemd alone; never sent to a supervisor.
  std::string user = {};  // "": the user of the manager
  bool is_hardened = true;
  std::map<std::string, std::string> hardening = {};  // over what a unit takes away by itself
  std::vector<std::filesystem::path> writable = {};   // the rest is read-only where it is hardened
};

struct ServiceState {
  std::string name;
  bool running = false;
  int pid = 0;
  int restarts = 0;
  std::string last_end;  // how it ended last; "" when it never did
};

text::Value encode(const ServiceSpec& spec);
ServiceSpec decode_spec(const text::Value& value);
text::Value encode(const ServiceState& state);
ServiceState decode_state(const text::Value& value);

}  // namespace bakehouse::service
