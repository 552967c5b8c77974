// The helper as a program. It is found in the build tree that the test stands in.
#pragma once

#include "base/error.hh"
#include "base/files.hh"
#include "base/process.hh"

#include <filesystem>
#include <string>
#include <vector>

namespace launch_test {

namespace fs = std::filesystem;
namespace base = bakehouse::base;
using Words = std::vector<std::string>;

inline fs::path helper() {
  for (fs::path at = fs::read_symlink("/proc/self/exe").parent_path(); at != at.root_path();
       at = at.parent_path()) {
    if (fs::path path = at / "src" / "launch" / "launch"; fs::is_regular_file(path)) return path;
  }
  throw base::Error(base::Fault::internal, "the launch helper is not built");
}

struct Outcome {
  base::ExitStatus status;
  Words lines;
};

inline Outcome launch(const Words& arguments, const Words& environment = {"PATH=/usr/bin:/bin"},
                      const fs::path& program = helper()) {
  base::Command command;
  command.argv = {program.native()};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.environment = environment;
  Outcome outcome;
  outcome.status = base::run(command, {}, [&](std::string_view line) { outcome.lines.emplace_back(line); });
  return outcome;
}

}  // namespace launch_test
