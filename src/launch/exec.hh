// Becoming a program.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace bakehouse::launch {

// What is to be executed, where, and with what.
struct Invocation {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH of `environment` unless it holds a '/'
  std::filesystem::path directory;
  std::vector<std::string> environment = {};  // "NAME=value"
};

// Why an exec did not come about: `status` is what a shell would have returned, 127 for a program
// that is not there and 126 for one that cannot be executed.
struct ExecFailure {
  int status = 0;
  std::string message;
};

// Replaces this process; returns only when that fails. A missing directory is an Error(input).
ExecFailure execute(const Invocation& invocation);

}  // namespace bakehouse::launch
