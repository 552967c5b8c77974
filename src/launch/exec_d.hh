// The programs in `exec.d/` of layers, which add to the environment just before a process starts.
#pragma once

#include "launch/layer_env.hh"

#include <filesystem>

namespace bakehouse::launch {

// Runs it in `application` with `environment`, our standard output and error, no input, and descriptor 3 for
// what it has to say; then takes that over into `environment`. Error(input) when it cannot be executed,
// does not end with 0, or says what is not understood.
void run_exec_d(const std::filesystem::path& program, const std::filesystem::path& application,
                Environment& environment);

}  // namespace bakehouse::launch
