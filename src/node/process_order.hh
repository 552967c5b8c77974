// In which order the processes of a release are started, and under which names.
#pragma once

#include "config/project.hh"

#include <string>
#include <vector>

namespace bakehouse::node {

// Each after those that its `after:` names, else as they are given. Error(input) for a name that is none of
// them, and for a circle.
std::vector<std::string> in_start_order(const std::vector<std::string>& names,
                                        const config::Project& project);

struct Instance {
  std::string name;  // "web", or "web.2" where `count:` is given
  int number = 1;
};
std::vector<Instance> instances_of(const std::string& process, const config::ProcessSettings& settings);

// Whether `service` is that process, or one of its instances.
bool is_instance_of(const std::string& service, const std::string& process);

}  // namespace bakehouse::node
