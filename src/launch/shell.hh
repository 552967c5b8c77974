// Processes that bash starts, after it has read the profiles of layers and application.
#pragma once

#include "launch/exec.hh"
#include "launch/launch_file.hh"

#include <filesystem>
#include <vector>

namespace bakehouse::launch {

// `process` is not direct, `application` absolute. The profiles are read in the application and see no
// arguments; the process then runs where it wants to. Without profiles there is one bash only.
Invocation shell_invocation(const LaunchProcess& process, const std::vector<std::filesystem::path>& profiles,
                            const std::filesystem::path& application);

}  // namespace bakehouse::launch
