// All that happens between the choice of a process and its start.
#pragma once

#include "launch/exec.hh"
#include "launch/launch_file.hh"
#include "launch/layer_env.hh"

#include <filesystem>

namespace bakehouse::launch {

// The layers' environment over `environment`, the programs in their `exec.d/`, and their profiles with the
// application's `.profile` for a process that is not direct. `application` is absolute; the only things
// looked at are in it. Error(input) when a layer is missing or one of these programs fails.
Invocation prepare(const LaunchFile& file, const LaunchProcess& process,
                   const std::filesystem::path& application, Environment environment);

}  // namespace bakehouse::launch
