// launch.toml: the processes, labels and slices that buildpacks give an application, and how those of
// several become one.
#pragma once

#include "buildpack/api_version.hh"

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::buildpack {

struct Process {
  std::string type;                  // [A-Za-z0-9._-]+
  std::vector<std::string> command;  // never empty; before API 0.9 one text, for a shell unless `direct`
  std::vector<std::string> args;
  bool direct = true;
  bool is_default = false;             // of this launch.toml; in a LaunchPlan see default_process
  std::string working_directory;       // as written: absolute, or relative to the application; "": there
  std::vector<std::string> exec_envs;  // empty: all
  ApiVersion api;                      // of the buildpack: since 0.9 a user's arguments replace `args`
  std::string buildpack;               // the id, set by add_launch_toml
};

struct Label {
  std::string key;
  std::string value;
};

// Patterns below the application; files of an earlier slice are no more in a later one.
using Slice = std::vector<std::string>;

struct LaunchToml {
  std::vector<Process> processes;  // in the order of the file; at most one default
  std::vector<Label> labels;
  std::vector<Slice> slices;
  std::vector<std::string> warnings;
};

// Error(input) with the place. No text of it holds a NUL.
LaunchToml parse_launch_toml(std::string_view toml, std::string_view name, ApiVersion api);

// What all buildpacks so far want to have launched.
struct LaunchPlan {
  std::vector<Process> processes;  // sorted by type
  std::string default_process;     // "" when there is none
  std::vector<Label> labels;       // sorted by key
  std::vector<Slice> slices;
  std::vector<std::string> warnings;
};

// To be called in the order of the build: of one type or label the later counts, the last default wins,
// and a default process that is replaced by one that is no default leaves none, with a warning.
void add_launch_toml(const LaunchToml& launch, const std::string& buildpack, LaunchPlan& plan);

}  // namespace bakehouse::buildpack
