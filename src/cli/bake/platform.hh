// Failures of buildpacks, told with the exit code that a platform of buildpacks would have.
#pragma once

#include "buildpack/platform_exit.hh"
#include "cli/common/program.hh"

namespace bakehouse::cli {

// Runs `work`, which returns an exit code. Beside our own code the JSON then has `platform-exit`.
template <typename Work>
int tell_platform_exit(const Screen& screen, Work work) {
  try {
    return work();
  } catch (const buildpack::PlatformFailure& failure) {
    screen.fail(failure, text::Value::map({{"outcome", "error"},
                                           {"platform-exit", static_cast<int64_t>(failure.exit())}}));
    return base::exit_code(failure.fault());
  }
}

}  // namespace bakehouse::cli
