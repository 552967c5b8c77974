#include "buildpack/environment_change.hh"

#include <doctest/doctest.h>

#include <string>

namespace environment_change_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;

TEST_CASE(
    "a change of the environment is what was set and what was unset, without what bash keeps for itself") {
  const launch::Environment before{{"KEPT", "1"}, {"PATH", "/bin"}, {"GONE", "x"}};
  const std::string after("KEPT=1\0PATH=/own:/bin\0NEW=two\nlines=\0_=/usr/bin/env\0SHLVL=1\0PWD=/\0", 66);
  const EnvironmentChange change = find_change(before, after);
  CHECK(change.set == launch::Environment{{"NEW", "two\nlines="}, {"PATH", "/own:/bin"}});
  CHECK(change.unset == std::set<std::string>{"GONE"});

  launch::Environment other{{"GONE", "y"}, {"OTHER", "z"}};
  change.apply(other);
  CHECK(other == launch::Environment{{"NEW", "two\nlines="}, {"OTHER", "z"}, {"PATH", "/own:/bin"}});
}

TEST_CASE("a list of variables that is cut off or odd does no harm") {
  CHECK(find_change({}, "").set.empty());
  CHECK(find_change({}, std::string_view("\0\0=x\0A\0B=1", 10)).set == launch::Environment{{"B", "1"}});
}

}  // namespace environment_change_test
