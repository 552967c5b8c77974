// Failures of buildpacks, told with the exit code that a platform of buildpacks would have.
#pragma once

#include "buildpack/platform_exit.hh"
#include "cli/common/program.hh"

namespace bakehouse::cli {

// What the JSON says of a failure, beside what it says of every one.
inline text::Value failure_facts(const base::Error& error) {
  text::Value facts = text::Value::map({{"outcome", "error"}});
  if (const auto* failure = dynamic_cast<const buildpack::PlatformFailure*>(&error))
    facts.set("platform-exit", static_cast<int64_t>(failure->exit()));
  return facts;
}

// Runs `work`, which returns an exit code. Beside our own code the JSON then has `platform-exit`.
template <typename Work>
int tell_platform_exit(const Screen& screen, Work work) {
  try {
    return work();
  } catch (const buildpack::PlatformFailure& failure) {
    screen.fail(failure, failure_facts(failure));
    return base::exit_code(failure.fault());
  }
}

}  // namespace bakehouse::cli
