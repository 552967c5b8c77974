// Each way in which run/ becomes another release, and back.
#include "base/error.hh"
#include "node/apply.hh"
#include "node/run_place.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include <sys/stat.h>

namespace switch_test {

using namespace bakehouse;
using namespace bakehouse::node;
using config::Switch;
namespace fs = std::filesystem;

namespace {

constexpr Switch all[] = {Switch::exchange, Switch::symlink, Switch::inplace};

ino_t inode_of(const fs::path& path) {
  struct stat found {};
  REQUIRE(::lstat(path.c_str(), &found) == 0);
  return found.st_ino;
}

// Nothing of a way back is left, nor of what did not come to be.
void check_tidy(Site& site, size_t linked_to) {
  CHECK(site.litter().empty());
  CHECK_FALSE(site.exists("run/.bakehouse/sync"));
  const auto runs = base::Dir::open(site.root()).open_dir_if_any(base::TreePath::parse("runs"));
  if (runs) CHECK(runs->names().size() == linked_to);
}

Release with_data(const std::string& version, uint64_t sequence, const std::string& migration) {
  return release(version, sequence, {{"post_deploy", migration}}, "data: {deep/er/uploads: up}\n");
}

}  // namespace

TEST_CASE("each way puts one release in the place of another, and the older one back") {
  for (const Switch how : all) {
    CAPTURE(std::string(config::name_of(how)));
    Site site(switched_by(how));
    REQUIRE(describe(site.apply(with_data("1.0", 1, "true"))) == "good");
    site.write("data/up/picture", "p");
    CHECK(site.read("run/deep/er/uploads/picture") == "p");
    const ino_t first = inode_of(site.root() / "run");
    Release second = with_data("2.0", 2, "test -e lib/new; test -e deep/er/uploads/picture");
    second.tree.erase("lib/code");
    second.tree["lib/new"] = File{"new"};
    CHECK(describe(site.apply(second)) == "good");
    CHECK(site.read("run/index.html") == "page 2.0\n");
    CHECK_FALSE(site.exists("run/lib/code"));
    CHECK((inode_of(site.root() / "run") == first) == (how == Switch::inplace));
    CHECK(fs::is_symlink(site.root() / "run") == (how == Switch::symlink));
    check_tidy(site, 2);
    CHECK(verify(site.node()).run.empty());
    CHECK(describe(site.rollback()) == "good");
    CHECK(site.read("run/index.html") == "page 1.0\n");
    CHECK(site.read("run/lib/code") == "1.0");
    CHECK(site.read("run/deep/er/uploads/picture") == "p");
    CHECK_FALSE(site.exists("run/lib/new"));
    CHECK(verify(site.node()).run.empty());
    check_tidy(site, 3);
  }
}

TEST_CASE("each way goes back when the release fails, and leaves nothing of a first one") {
  for (const Switch how : all) {
    CAPTURE(std::string(config::name_of(how)));
    Site site(switched_by(how));
    const Release failing = with_data("2.0", 2, "echo changed >index.html; exit 1");
    CHECK(site.apply(failing).outcome == "reverted");
    CHECK_FALSE(site.exists("run"));
    check_tidy(site, 0);
    REQUIRE(describe(site.apply(with_data("1.0", 1, "true"))) == "good");
    const std::string before = site.describe_all();
    CHECK(site.apply(failing).outcome == "reverted");
    CHECK(site.describe_all() == before);
    CHECK(verify(site.node()).run.empty());
    check_tidy(site, 1);
  }
}

TEST_CASE("each way is taken up wherever it was cut off") {
  for (const Switch how : all) {
    for (const bool is_first : {true, false}) {
      for (const std::string moment :
           {"done stage", "begin deploy", "done deploy", "begin start", "undo deploy", "undo stage"}) {
        CAPTURE(std::string(config::name_of(how)));
        CAPTURE(is_first);
        CAPTURE(moment);
        Site site(switched_by(how));
        if (!is_first) REQUIRE(describe(site.apply(with_data("1.0", 1, "true"))) == "good");
        const std::string before = site.describe_all();
        const bool must_fail = moment.starts_with("undo");
        site.on_moment = [&](const std::string& now) {
          if (now == moment) throw Kill();
        };
        CHECK_THROWS_AS(site.apply(with_data("2.0", 2, must_fail ? "exit 1" : "true")), Kill);
        site.on_moment = nullptr;
        REQUIRE(site.recover());
        CHECK(site.describe_all() == before);
        check_tidy(site, is_first ? 0 : 1);
        CHECK(describe(site.apply(with_data("2.0", 2, "true"))) == "good");
      }
    }
  }
}

TEST_CASE("changes made in run/ are carried over, whichever way it is switched") {
  for (const Switch how : all) {
    CAPTURE(std::string(config::name_of(how)));
    Site site(switched_by(how));
    const std::string writable = "writable: {cache: keep, tmp: discard}\n";
    REQUIRE(describe(site.apply(release("1.0", 1, {}, writable))) == "good");
    site.write("run/cache/one", "1");
    site.write("run/tmp/two", "2");
    site.write("run/extra", "by hand");
    const Release next = release("2.0", 2, {}, writable);
    CHECK(says(refusal([&] { return site.apply(next); }), "not in the manifest: extra"));
    ApplyOptions keep;
    keep.drift = DriftChoice::keep;
    CHECK(describe(site.apply(next, keep)) == "good");
    CHECK(site.read("run/cache/one") == "1");
    CHECK(site.read("run/extra") == "by hand");
    CHECK_FALSE(site.exists("run/tmp"));
  }
}

TEST_CASE("an empty directory is filled where it is, if the layout has a way to") {
  Site site;
  fs::create_directory(site.root() / "run");
  const ino_t there = inode_of(site.root() / "run");
  CHECK(site.apply(release("0.9", 9, {{"post_deploy", "exit 1"}})).outcome == "reverted");
  CHECK(fs::is_empty(site.root() / "run"));
  CHECK(describe(site.apply(release("1.0", 10))) == "good");
  CHECK(site.read("run/index.html") == "page 1.0\n");
  CHECK(inode_of(site.root() / "run") == there);

  Site exchanging(switched_by(Switch::exchange));
  fs::create_directory(exchanging.root() / "run");
  CHECK(says(refusal([&] { return exchanging.apply(release("1.0", 1)); }), "is no deployment of ours"));
}

TEST_CASE("a link that leads anywhere but to a tree of ours is left alone") {
  for (const std::string target :
       {"elsewhere", "runs/../elsewhere", "/tmp", "runs/", "runs/a/b", "runs/gone"}) {
    CAPTURE(target);
    Site site(switched_by(Switch::symlink));
    site.write("elsewhere/.bakehouse/deployment", "20200101T000000Z-x\n");
    fs::create_symlink(target, site.root() / "run");
    CHECK(says(refusal([&] { return site.apply(release("1.0", 1)); }), "is no deployment of ours"));
    CHECK(fs::read_symlink(site.root() / "run") == target);
  }
}

TEST_CASE("what holds its own path is not for a run/ that is a link") {
  Site site(switched_by(Switch::symlink));
  support::Draft draft = support::draft_of({{"code", File{"x"}}});
  draft.info.name = "shop";
  draft.info.arch = this_machine();
  draft.info.run_path = (site.root() / "run").native();
  draft.parts = {{"bake.yaml", "name: shop\n"}, {"launch.json", launch::format_launch({})}};
  const auto path = site.root() / "releases/bound.tar.zst";
  base::write_file(path, support::seal(draft, site.key));
  CHECK(says(refusal([&] { return node::apply(site.node(), path, support::trust(site.key), {}); }),
             "here each is at a path of its own"));
}

}  // namespace switch_test
