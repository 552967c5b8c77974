// Which process is meant by the words of whoever starts one.
#pragma once

#include "launch/launch_file.hh"

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::launch {

struct Request {
  std::string called_as;           // the helper may be called by the name of a process
  std::vector<std::string> words;  // `PROCESS [ARGS]`, `-- PROGRAM [ARGS]`, `COMMAND [ARGS]`, or none
  std::string exec_env{usual_exec_env};
};

// A process of the file with the arguments it is to have, or one without a type for a command: direct
// after `--`, else by bash. No words mean the default process. Error(input) lists what is known when
// nothing is named and there is no default, or when a process does not exist in this `exec_env`.
LaunchProcess choose(const LaunchFile& file, const Request& request);

}  // namespace bakehouse::launch
