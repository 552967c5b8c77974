// The Buildpack API a buildpack was written for, and what changed from one to the next.
#pragma once

#include <compare>
#include <string>
#include <string_view>

namespace bakehouse::buildpack {

struct ApiVersion {
  int major = 0;
  int minor = 0;

  std::string str() const;  // "0.10"
  // By number: 0.10 is newer than 0.9.
  friend bool operator==(const ApiVersion&, const ApiVersion&) = default;
  // clang-tidy takes the 0 that "<" is rewritten with for a pointer.
  // NOLINTNEXTLINE(modernize-use-nullptr)
  friend std::strong_ordering operator<=>(const ApiVersion&, const ApiVersion&) = default;

  // CNB_PLATFORM_DIR, CNB_LAYERS_DIR, CNB_BUILD_PLAN_PATH and CNB_BP_PLAN_PATH are set, and
  // `working-dir` of a process counts.
  bool has_named_directories() const { return minor >= 8; }
  // `command` of a process is a list, and every process is direct.
  bool has_direct_processes_only() const { return minor >= 9; }
  // CNB_TARGET_* are set.
  bool has_targets() const { return minor >= 10; }
  // CNB_EXEC_ENV is set, and `exec-env` counts wherever it stands.
  bool has_exec_env() const { return minor >= 12; }
};

inline constexpr ApiVersion oldest_api{0, 7};
inline constexpr ApiVersion newest_api{0, 12};

// "0.10", or "1" for 1.0. Throws a PlatformFailure(buildpack_api, input) for what is no version and
// for one that this program does not speak.
ApiVersion parse_api(std::string_view text);

}  // namespace bakehouse::buildpack
