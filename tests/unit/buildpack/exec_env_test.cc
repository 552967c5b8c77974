#include "buildpack/exec_env.hh"

#include "support/failure.hh"
#include "text/toml.hh"

#include <fmt/ranges.h>

#include <doctest/doctest.h>

#include <string>

namespace exec_env_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;

namespace {

std::string read(const std::string& toml) {
  const text::Value document = text::parse_toml(toml, "x");
  text::Diagnostics faults;
  text::MapReader reader(document, "the file", faults);
  const auto names = read_exec_envs(reader, faults);
  const std::string failure = support::failure([&] { faults.throw_if_any(); });
  return failure == "no failure" ? fmt::format("{}", fmt::join(names, "|")) : failure;
}

}  // namespace

TEST_CASE("1.13 exec-env is read as strings and as tables with a name") {
  CHECK(read("exec-env = ['production', 'test']") == "production|test");
  CHECK(read("[[exec-env]]\nname = 'production'\n[[exec-env]]\nname = '*'") == "production|*");
  CHECK(read("exec-env = ['a', {name = 'b'}]") == "a|b");
  CHECK(read("exec-env = []") == "");
  CHECK(read("") == "");
}

TEST_CASE("1.13 an exec-env of another type names its place") {
  CHECK(read("exec-env = 'test'") == "input: x:1:1: 'exec-env' must be a list, not a string");
  CHECK(read("exec-env = [1]") == "input: x:1:13: an entry of 'exec-env' must be text, not a whole number");
  CHECK(read("exec-env = [{}]") == "input: x:1:13: 'name' is missing in an entry of 'exec-env'");
}

TEST_CASE("1.3 exec-env: none and * are meant for all, others for those they name") {
  CHECK(is_meant_for({}, "production"));
  CHECK(is_meant_for({"*"}, "production"));
  CHECK(is_meant_for({"test", "production"}, "production"));
  CHECK(is_meant_for({"test", "*"}, "production"));
  CHECK_FALSE(is_meant_for({"test"}, "production"));
  CHECK_FALSE(is_meant_for({"prod"}, "production"));
  CHECK_FALSE(is_meant_for({""}, "production"));
}

}  // namespace exec_env_test
