// The exit codes that the world of buildpacks expects of a platform. They stand in machine-readable
// output beside our own, so that what reads a `pack` or a `lifecycle` today can read us.
#pragma once

#include "base/error.hh"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace bakehouse::buildpack {

// The value is the code of row 1.10.
enum class PlatformExit {
  failed = 1,
  platform_api = 11,
  buildpack_api = 12,
  none_detected = 20,
  none_detected_and_error = 21,  // none, and at least one buildpack erred while it was asked
  detect = 22,
  analyze = 32,
  restore = 42,
  buildpack_failed = 51,  // bin/build said no
  build = 52,             // what came of it could not be used
  export_ = 62,
  launch = 82,
};

// An Error that knows its platform's code. It is caught as an Error everywhere; only whoever writes
// machine-readable output asks for more. base::Error's own `within`, `with_hint` and `as`, and so
// base::with_context, make a plain Error of it: inside this folder use what stands here.
class PlatformFailure : public base::Error {
 public:
  PlatformFailure(PlatformExit exit, const base::Error& error) : base::Error(error), exit_(exit) {}

  PlatformExit exit() const { return exit_; }
  PlatformFailure within(std::string_view context) const { return {exit_, base::Error::within(context)}; }
  PlatformFailure with_hint(std::string hint) const {
    return {exit_, base::Error::with_hint(std::move(hint))};
  }
  PlatformFailure as(base::Fault fault) const { return {exit_, base::Error::as(fault)}; }

 private:
  PlatformExit exit_;
};

// `failed` for an Error that carries none.
inline PlatformExit exit_of(const base::Error& error) {
  const auto* failure = dynamic_cast<const PlatformFailure*>(&error);
  return failure == nullptr ? PlatformExit::failed : failure->exit();
}

// What leaves `work` as an Error leaves with the context before it and with the code; a code that it
// carries already stays, because whoever is nearer to the cause knows better.
template <typename Work>
decltype(auto) with_platform_exit(PlatformExit exit, std::string_view context, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const PlatformFailure& failure) {
    throw failure.within(context);
  } catch (const base::Error& error) {
    throw PlatformFailure(exit, error.within(context));
  }
}

}  // namespace bakehouse::buildpack
