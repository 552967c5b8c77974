// A rollback takes the tree that ran before back into service, as long as it is what it was.
#include "base/error.hh"
#include "node/apply.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include <sys/stat.h>

namespace kept_run_test {

using namespace bakehouse;
using namespace bakehouse::node;

namespace {

const std::string with_data = "data: {uploads: up}\n";

ino_t inode_of(const Site& site, const std::string& path) {
  struct stat found {};
  REQUIRE(::stat((site.root() / path).c_str(), &found) == 0);
  return found.st_ino;
}

// Two releases one after the other; returns the second.
Result apply_two(Site& site, const std::string& second_hook = "true") {
  REQUIRE(describe(site.apply(release("1.0", 1, {}, with_data))) == "good");
  Result second = site.apply(release("2.0", 2, {{"post_deploy", second_hook}}, with_data));
  REQUIRE(describe(second) == "good");
  return second;
}

}  // namespace

TEST_CASE("a rollback takes the very tree that ran before, and a deployment that shares its files") {
  Site site;
  const Result second = apply_two(site);
  const std::string kept = "archives/" + second.deployment + "/run";
  const ino_t tree = inode_of(site, kept);
  const ino_t file = inode_of(site, kept + "/index.html");
  const std::string first = site.history().front().deployment;
  const Result back = site.rollback();
  CHECK(describe(back) == "good");
  CHECK(inode_of(site, "run") == tree);
  CHECK(inode_of(site, "run/index.html") == file);
  CHECK_FALSE(site.exists(kept));
  CHECK(site.read("run/index.html") == "page 1.0\n");
  CHECK(site.read("run/.bakehouse/deployment") == back.deployment + "\n");
  CHECK(inode_of(site, "deploy/" + back.deployment + "/lib/code") ==
        inode_of(site, "deploy/" + first + "/lib/code"));
  site.write("data/up/picture", "p");
  CHECK(site.read("run/uploads/picture") == "p");
}

TEST_CASE("a kept tree that is no longer what it was is made anew, and stays for who wants to look") {
  const std::pair<const char*, const char*> changes[] = {
      {"index.html", "somebody's page\n"}, {"lib/more", "x"}, {".bakehouse/launch.json", "{}"}};
  for (const auto& change : changes) {
    const std::string path = change.first;
    CAPTURE(path);
    Site site;
    const std::string kept = "archives/" + apply_two(site).deployment + "/run";
    site.write(kept + "/" + path, change.second);
    CHECK(describe(site.rollback()) == "good");
    CHECK(site.read("run/index.html") == "page 1.0\n");
    CHECK_FALSE(site.exists("run/lib/more"));
    const std::string first = site.history().front().deployment;
    CHECK(site.exists("run/.bakehouse/launch.json") ==
          site.exists("deploy/" + first + "/.bakehouse/launch.json"));
    // What no manifest lists is replaced, and no reason to copy a tree.
    CHECK(site.exists(kept) == !path.starts_with(".bakehouse"));
  }
}

TEST_CASE("a rollback that is undone has cost the kept tree, and the next one makes it anew") {
  Site site;
  REQUIRE(describe(site.apply(release("1.0", 1, {{"post_deploy", "! test -e $BAKEHOUSE_DATA/stop"}}))) ==
          "good");
  const Result second = site.apply(release("2.0", 2));
  site.write("data/stop", "");
  CHECK(site.rollback().outcome == "reverted");
  CHECK(site.read("run/index.html") == "page 2.0\n");
  CHECK_FALSE(site.exists("archives/" + second.deployment + "/run"));
  std::filesystem::remove(site.root() / "data/stop");
  CHECK(describe(site.rollback()) == "good");
  CHECK(site.read("run/index.html") == "page 1.0\n");
}

}  // namespace kept_run_test
