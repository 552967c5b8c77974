// A process to keep running, fully decided: the supervisor knows nothing of releases.
#pragma once

#include "text/value.hh"

#include <filesystem>
#include <string>
#include <vector>

namespace bakehouse::service {

struct ServiceSpec {
  std::string name;
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // whole; nothing is inherited
  std::filesystem::path directory;
  std::filesystem::path log;  // appended to
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
