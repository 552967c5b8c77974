#include "bakery/push_record.hh"

#include "bakery/push.hh"
#include "kitchen.hh"
#include "support/failure.hh"
#include "support/mentions.hh"
#include "unit/source/repository.hh"

#include <doctest/doctest.h>

#include <string>

namespace push_record_test {

using namespace bakehouse;
using namespace bakehouse::bakery;
using support::File;
using support::Mentions;
namespace fs = std::filesystem;

namespace {

const std::string branch = "refs/heads/master";

// What was pushed is in service, and its branch is still where it was before: at the first commit.
struct World {
  Kitchen kitchen;
  source::TestRepository repository;
  std::string first = repository.write_and_commit({{"page", File{"1"}}});
  std::string second = next();
  std::string third = next();
  std::string deployment;

  World() {
    base::write_file(kitchen.root() / "node.yaml", "services: {driver: none}\n");
    fs::create_directories(kitchen.root() / "git");
    fs::copy(repository.make_bare_copy(), remote(), fs::copy_options::recursive);
    deployment = kitchen.cook(kitchen.options(CookOptions::Then::apply)).applied->deployment;
    put_branch(first);
    record(second);
  }
  std::string next() const {
    repository.change("page", repository.tree_of("HEAD"));
    repository.add("page");
    return repository.commit();
  }
  fs::path remote() const { return kitchen.root() / "git/project.git"; }
  void put_branch(const std::string& commit) const { base::write_file(remote() / branch, commit + "\n"); }
  std::string tip() const { return base::read_file(remote() / branch, 100).substr(0, 40); }
  void record(const std::string& commit) {
    write_push_record(kitchen.node(), "project", {{branch, first, commit}, deployment});
  }
  std::string push(const std::string& before, const std::string& after) {
    return support::failure([&] {
      const Push push{"project", read_push(fmt::format("{} {} {}\n", before, after, branch), {}), {}};
      CookOptions options = kitchen.options(CookOptions::Then::apply);
      options.key = "/no/key";
      receive_project(kitchen.node(), push, options);
    });
  }
};

}  // namespace

TEST_CASE("the next push moves the branch of the one before, and never forgets it") {
  World world;
  CHECK(world.push(world.first, world.third) == Mentions{"was moved by somebody else meanwhile"});
  CHECK(world.tip() == world.second);
  CHECK(world.kitchen.notes == Mentions{branch + " is at " + world.second + " now"});
  CHECK_FALSE(find_unmoved(world.kitchen.node(), "project"));
  // From there it goes on; here to the key that is not there.
  CHECK(world.push(world.second, world.third) == Mentions{"/no/key"});
}

TEST_CASE("a commit in service whose branch is elsewhere stays known, and the push is refused") {
  World world;
  world.record(world.third);
  world.put_branch(world.second);
  CHECK(world.push(world.second, world.third) == Mentions{"was moved elsewhere meanwhile"});
  CHECK(find_unmoved(world.kitchen.node(), "project"));
}

TEST_CASE("a commit in service that was pruned is told of, and stops neither bake nor push") {
  World world;
  const std::string pruned(40, 'f');
  world.record(pruned);
  tell_unmoved(world.kitchen.node());
  CHECK(world.kitchen.warnings == Mentions{"deployed commit not on branch: " + pruned});
  CHECK(world.kitchen.warnings == Mentions{"push it once more"});
  const auto record = find_unmoved(world.kitchen.node(), "project");
  REQUIRE(record);
  CHECK(support::failure([&] { move_branch(world.kitchen.node(), "project", *record); }) ==
        Mentions{"is in service, but it is not in"});
  CHECK(world.push(world.first, world.second) == Mentions{"/no/key"});
  fs::remove_all(world.remote());
  world.kitchen.warnings.clear();
  tell_unmoved(world.kitchen.node());
  CHECK(world.kitchen.warnings == Mentions{"is not known"});
}

}  // namespace push_record_test
