// What bin/release of a classic buildpack prints.
#pragma once

#include "buildpack/procfile.hh"

#include <map>
#include <string>
#include <string_view>

namespace bakehouse::buildpack {

struct ClassicRelease {
  ProcessLines processes;                          // `default_process_types`
  std::map<std::string, std::string> config_vars;  // what a process finds unless something else sets it

  bool is_empty() const { return processes.empty() && config_vars.empty(); }
};

// YAML; nothing at all, `---` and `--- {}` are valid. Other members, such as `addons`, mean nothing here.
// Error(input) with the place.
ClassicRelease parse_classic_release(std::string_view yaml, std::string_view name);

}  // namespace bakehouse::buildpack
