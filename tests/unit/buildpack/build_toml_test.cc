#include "buildpack/build_toml.hh"

#include "support/failure.hh"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace build_toml_test {

using namespace bakehouse::buildpack;
using bakehouse::support::failure;

TEST_CASE("1.7 build.toml: the names of what is unmet") {
  using Names = std::vector<std::string>;
  CHECK(parse_build_toml("", "build.toml").empty());
  CHECK(parse_build_toml("[[unmet]]\nname = 'a'\n[[unmet]]\nname = 'b'\nother = 1\n[[bom]]\n",
                         "build.toml") == Names{"a", "b"});
}

TEST_CASE("1.7 build.toml: what is none names its place") {
  const std::pair<std::string, std::string> rows[] = {
      {"unmet = 'a'", "input: build.toml:1:1: 'unmet' must be a list of tables (written as [[unmet]])"},
      {"[unmet]\nname = 'a'",
       "input: build.toml:1:1: 'unmet' must be a list of tables (written as [[unmet]])"},
      {"[[unmet]]", "input: build.toml:1:1: 'name' is missing in an unmet dependency"},
      {"[[unmet]]\nname = 1", "input: build.toml:2:1: 'name' must be text, not a whole number"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CHECK(failure([&] { parse_build_toml(row.first, "build.toml"); }) == row.second);
  }
  CHECK(failure([] { parse_build_toml("x", "build.toml"); }) != "no failure");
}

}  // namespace build_toml_test
