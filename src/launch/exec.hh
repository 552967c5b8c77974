// Becoming a process of a release.
#pragma once

#include "launch/launch_file.hh"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::launch {

// What is to be executed, and where.
struct Invocation {
  std::vector<std::string> argv;
  std::filesystem::path directory;
};

// `args` of the user, when there are any, replace those of the process. Throws Error(input), which
// lists the known processes, when `type` is none of them.
Invocation invoke(const LaunchFile& file, const std::filesystem::path& application, std::string_view type,
                  const std::vector<std::string>& args);

// Why an exec did not come about: `status` is what a shell would have returned, 127 for a program
// that is not there and 126 for one that cannot be executed.
struct ExecFailure {
  int status = 0;
  std::string message;
};

// Replaces this process, which keeps its environment, and looks the program up in its PATH; returns
// only when that fails. A missing directory is an Error(input).
ExecFailure execute(const Invocation& invocation);

}  // namespace bakehouse::launch
