#include "buildpack/platform_exit.hh"

#include <doctest/doctest.h>

#include <string>

namespace platform_exit_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;
using base::Error;
using base::Fault;

namespace {

// "12 input: message | hint"
template <typename Work>
std::string failure(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    return fmt::format("{} {}: {} | {}", static_cast<int>(exit_of(error)), base::exit_code(error.fault()),
                       error.what(), error.hint());
  }
  return "no failure";
}

}  // namespace

TEST_CASE("1.10 a platform's exit code travels with the error, and whoever is nearest to the cause sets it") {
  const auto fails = [] { throw Error(Fault::input, "it is odd", "straighten it"); };
  CHECK(failure(fails) == "1 3: it is odd | straighten it");
  CHECK(failure([&] { with_platform_exit(PlatformExit::build, "web", fails); }) ==
        "52 3: web: it is odd | straighten it");
  CHECK(failure([&] {
          with_platform_exit(PlatformExit::build, "outer",
                             [&] { with_platform_exit(PlatformExit::buildpack_failed, "inner", fails); });
        }) == "51 3: outer: inner: it is odd | straighten it");
  CHECK(with_platform_exit(PlatformExit::build, "fine", [] { return 7; }) == 7);
}

TEST_CASE("1.10 a failure stays one with context, hint or another fault") {
  const PlatformFailure failure(PlatformExit::none_detected, Error(Fault::input, "none"));
  CHECK(failure.within("here").exit() == PlatformExit::none_detected);
  CHECK(failure.with_hint("look").exit() == PlatformExit::none_detected);
  CHECK(failure.as(Fault::build).exit() == PlatformExit::none_detected);
  CHECK(failure.as(Fault::build).fault() == Fault::build);
  CHECK(std::string(failure.within("here").with_hint("look").what()) == "here: none");
}

TEST_CASE("1.10 every code is that of the contract") {
  const std::pair<PlatformExit, int> rows[] = {
      {PlatformExit::failed, 1},         {PlatformExit::platform_api, 11},
      {PlatformExit::buildpack_api, 12}, {PlatformExit::none_detected, 20},
      {PlatformExit::detect, 22},        {PlatformExit::none_detected_and_error, 21},
      {PlatformExit::analyze, 32},       {PlatformExit::restore, 42},
      {PlatformExit::build, 52},         {PlatformExit::buildpack_failed, 51},
      {PlatformExit::export_, 62},       {PlatformExit::launch, 82},
  };
  for (const auto& [exit, code] : rows) CHECK(static_cast<int>(exit) == code);
}

}  // namespace platform_exit_test
