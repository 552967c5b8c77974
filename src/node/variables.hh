// The variables that `env:` gives to processes, with values of the pillar in their places. They are in files
// of the deployment that only who runs the processes can read, and in no description of a service.
#pragma once

#include "base/process.hh"
#include "config/pillar.hh"
#include "config/project.hh"
#include "launch/layer_env.hh"
#include "node/node.hh"

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace bakehouse::node {

struct ProcessVariables {
  std::string process;  // "": all that have none of their own, and commands
  launch::Environment values;
  std::set<std::string> sealed;  // names of those in which a sealed value is
};

// What cannot be made goes to `faults`.
std::vector<ProcessVariables> make_variables(const config::Project& project, const config::Pillar& pillar,
                                             text::Diagnostics& faults);
// Beside the records of a deployment, for whoever runs the processes; done twice it changes nothing.
void write_variables(const Node& node, const std::string& deployment,
                     const std::vector<ProcessVariables>& variables,
                     const std::optional<base::Identity>& user);
// What the record of a deployment tells of them: no value.
text::Value describe(const std::vector<ProcessVariables>& variables);

// The file for a process of that deployment, or for a command; nullopt where there are none.
std::optional<std::filesystem::path> variables_file(const Node& node, const std::string& deployment,
                                                    const config::Project& project,
                                                    const std::string& process);

}  // namespace bakehouse::node
