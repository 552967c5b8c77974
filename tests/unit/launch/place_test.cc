// A release that was built for one path.
#include "launch/place.hh"

#include "helper.hh"
#include "support/failure.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace place_test {

using namespace bakehouse;
using namespace launch_test;
using support::failure;
using support::Mentions;

namespace {

struct Release {
  base::TempDir scratch;

  Release() {
    fs::create_directories(run() / ".bakehouse");
    const std::string json = fmt::format(
        R"({{"app-path":"{}","schema":1,"processes":[{{"type":"web","command":["sh","-c","pwd; cat page"]}}]}})",
        wanted().native());
    base::write_file(run() / ".bakehouse/launch.json", json);
    base::write_file(run() / "page", "hello\n");
  }
  fs::path run() const { return scratch.path() / "run"; }
  fs::path wanted() const { return scratch.path() / "app"; }
};

}  // namespace

TEST_CASE("decision 1 app-path: a link to the release is enough, and whatever else runs there") {
  const Release release;
  fs::create_directory_symlink(release.run(), release.wanted());
  CHECK(launch::place(release.run(), release.wanted().native()) == release.wanted());
  // The shell asks the kernel where it is.
  CHECK(launch_test::launch({release.run().native(), "web"}).lines == Words{release.run().native(), "hello"});
}

TEST_CASE("decision 1 app-path: at an empty directory the release is mounted, for its process alone") {
  const Release release;
  fs::create_directory(release.wanted());
  const auto outcome = launch_test::launch({release.run().native(), "web"});
  if (outcome.status.code == 82) {
    // A machine without namespaces: refused, and told what helps.
    REQUIRE(outcome.lines.size() == 2);
    CHECK(outcome.lines[0] == Mentions{"it cannot be mounted there"});
    CHECK(outcome.lines[1] == Mentions{"ln -s " + release.run().native()});
  } else {
    CHECK(outcome.lines == Words{release.wanted().native(), "hello"});
  }
  CHECK(fs::is_empty(release.wanted()));
}

TEST_CASE("decision 1 app-path: what stands in the way is said, with what to do") {
  const Release release;
  const auto place = [&] { launch::place(release.run(), release.wanted().native()); };
  CHECK(failure(place) == Mentions{"there is nothing here"});
  fs::create_directory(release.wanted());
  base::write_file(release.wanted() / "other", "");
  CHECK(failure(place) == Mentions{"something else is there"});
  fs::remove_all(release.wanted());
  base::write_file(release.wanted(), "");
  CHECK(failure(place) == Mentions{"something else is there"});
}

TEST_CASE("decision 1 app-path: the way can be prepared, and looked at, before the application is there") {
  const Release release;
  const fs::path to_come = release.scratch.path() / "to-come";
  const auto look = [&] { launch::require_place(to_come, release.wanted().native()); };
  CHECK(failure(look) == Mentions{"there is nothing here"});
  fs::create_directory_symlink("elsewhere", release.wanted());
  CHECK(failure(look) == Mentions{"there is nothing here"});
  fs::remove(release.wanted());
  fs::create_directory_symlink("to-come", release.wanted());
  CHECK(failure(look) == "no failure");
  fs::remove(release.wanted());
  fs::create_directory(release.wanted());
  CHECK(failure(look) == "no failure");
  CHECK(failure([&] { launch::require_place(to_come, ""); }) == "no failure");
}

TEST_CASE("decision 1 app-path: a release that asks for none runs where it is") {
  const Release release;
  CHECK(launch::place(release.run(), "") == release.run());
}

}  // namespace place_test
