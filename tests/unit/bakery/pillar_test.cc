#include "bakery/push.hh"
#include "kitchen.hh"
#include "support/failure.hh"
#include "support/mentions.hh"
#include "unit/source/repository.hh"

#include <doctest/doctest.h>

#include <string>

#include <sys/stat.h>

namespace pillar_test {

using namespace bakehouse;
using namespace bakehouse::bakery;
using support::File;
using support::Mentions;
namespace fs = std::filesystem;

namespace {

// A staging root whose pillar holds "old", and a push of "new" to it.
struct World {
  Kitchen kitchen;
  source::TestRepository repository;
  std::string commit = repository.write_and_commit({{"common.yaml", File{"greeting: new\n"}}});

  World() {
    base::write_file(kitchen.root() / "node.yaml", "services: {driver: none}\n");
    fs::create_directories(kitchen.root() / "git");
    const fs::path bare = kitchen.root() / "git/pillar.git";
    fs::copy(repository.make_bare_copy(), bare, fs::copy_options::recursive);
    fs::remove(bare / "refs/heads/master");
    write("pillar", "old");
  }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories(kitchen.root() / name);
    base::write_file(kitchen.root() / name / "common.yaml", "greeting: " + text + "\n");
  }
  void mark(uint64_t old_inode, const std::string& deployment) const {
    fs::create_directories(mark_path().parent_path());
    base::write_file(mark_path(), fmt::format(R"({{"schema": 1, "old_inode": {}, "deployment": "{}"}})",
                                              old_inode, deployment));
  }
  uint64_t inode_of(const std::string& name) const {
    struct stat facts {};
    ::stat((kitchen.root() / name).c_str(), &facts);
    return facts.st_ino;
  }
  std::string receive() {
    return support::failure([&] {
      const Push push{
          "pillar", read_push(std::string(40, '0') + " " + commit + " refs/heads/master\n", {}), {}};
      receive_pillar(kitchen.node(), push, kitchen.options());
    });
  }
  fs::path mark_path() const { return kitchen.root() / ".bakehouse/push/pillar-exchange.json"; }
  fs::path spare() const { return kitchen.root() / ".pillar.other"; }
  std::string value() const { return base::read_file(kitchen.root() / "pillar/common.yaml", 100); }
};

}  // namespace

TEST_CASE("a spare without a mark, killed while it was removed, is in nobody's way") {
  World world;
  fs::create_directories(world.spare() / "half removed");
  settle_pillar(world.kitchen.node());
  CHECK(world.value() == "greeting: old\n");
  CHECK(world.receive() == "no failure");
  CHECK(world.value() == "greeting: new\n");
  CHECK_FALSE(fs::exists(world.spare()));
  CHECK_FALSE(fs::exists(world.mark_path()));
}

TEST_CASE("killed behind the exchange with nothing begun, the pillar of before is put back") {
  World world;
  world.write(".pillar.other", "refused");
  const uint64_t old_inode = world.inode_of("pillar");
  world.mark(old_inode, "");
  fs::rename(world.kitchen.root() / "pillar", world.kitchen.root() / "aside");
  fs::rename(world.spare(), world.kitchen.root() / "pillar");
  fs::rename(world.kitchen.root() / "aside", world.spare());
  CHECK(support::failure([&] { require_settled_pillar(world.kitchen.node().root); }) ==
        Mentions{"refused: a push to the pillar"});
  // Whoever switches at the moment has nothing to do with it.
  const auto node = world.kitchen.node();
  const auto lock = node.lock_switch("somebody");
  settle_pillar(node);
  CHECK(world.value() == "greeting: old\n");
  CHECK_FALSE(fs::exists(world.spare()));
  require_settled_pillar(node.root);
}

TEST_CASE("while somebody switches, a push of the pillar is refused and changes nothing") {
  World world;
  world.kitchen.cook(world.kitchen.options(CookOptions::Then::apply));
  {
    const auto node = world.kitchen.node();
    const auto lock = node.lock_switch("somebody");
    CHECK(world.receive() == Mentions{"switch.lock' is locked by"});
    CHECK(world.value() == "greeting: old\n");
    CHECK_FALSE(fs::exists(world.mark_path()));
  }
  CHECK(world.receive() == "no failure");
  CHECK(world.value() == "greeting: new\n");
}

TEST_CASE(
    "an apply that is refused before it begins leaves the pillar of before, also to who holds the lock") {
  World world;
  const Cooked cooked = world.kitchen.cook(world.kitchen.options(CookOptions::Then::apply));
  base::write_file(cooked.archive, "no archive");
  CHECK(world.receive() != "no failure");
  CHECK(world.value() == "greeting: old\n");
  CHECK_FALSE(fs::exists(world.mark_path()));
  CHECK_FALSE(fs::exists(world.spare()));
}

}  // namespace pillar_test
