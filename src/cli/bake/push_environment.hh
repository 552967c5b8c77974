// What git tells a hook by its environment, which then is of no use to anybody below us.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::cli {

struct PushEnvironment {
  std::optional<std::filesystem::path> quarantine;  // absolute
  std::vector<std::string> options;                 // of `git push -o`
};

// Takes every GIT_* out of the environment: a git that a build runs would otherwise work on the remote.
PushEnvironment take_push_environment();

}  // namespace bakehouse::cli
