// `.bakehouse/launch.json`: the processes of a release, as its buildpacks and project file named them.
#pragma once

#include "text/value.hh"

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::launch {

struct LaunchProcess {
  std::string type;                  // "web"
  std::vector<std::string> command;  // never empty
  std::vector<std::string> args;     // replaced by a user's own
  std::string working_directory;     // relative to the application; "" is the application itself
  std::string buildpack;             // who defined it; "" for the project file
};

struct LaunchFile {
  std::vector<LaunchProcess> processes;  // sorted by type
  std::string default_process;           // "" when there is none

  // nullptr when there is no such process.
  const LaunchProcess* find(std::string_view type) const;
};

LaunchFile parse_launch(std::string_view json, std::string_view name);
std::string format_launch(const LaunchFile& file);

}  // namespace bakehouse::launch
