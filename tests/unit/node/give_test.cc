#include "base/error.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <string>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace give_test {

using namespace bakehouse;
using namespace bakehouse::node;

namespace {

const std::string as_nobody = "services: {user: nobody}\n";

bool can_give() {
  if (::geteuid() != 0) MESSAGE("left out: only root can give files to others");
  return ::geteuid() == 0;
}

// A user needs a way to his files.
void let_others_in(const Site& site) { REQUIRE(::chmod(site.root().parent_path().c_str(), 0711) == 0); }

std::string owner_of(const Site& site, const std::string& path) {
  struct stat found {};
  REQUIRE(::lstat((site.root() / path).c_str(), &found) == 0);
  const passwd* user = ::getpwuid(found.st_uid);
  return user != nullptr ? user->pw_name : "?";
}

void set_up(Site& site, const std::vector<std::pair<std::string, std::string>>& hooks) {
  let_others_in(site);
  REQUIRE(describe(site.apply(release("1.0", 1, hooks, as_nobody))) == "good");
}

}  // namespace

TEST_CASE("a user whom the machine does not have is refused, and nothing is touched") {
  Site site;
  const auto result = site.apply(release("1.0", 1, {}, "services: {user: nobody-else}\n"));
  CHECK(says(describe(result), "10 failed: configure failed: this machine has no user 'nobody-else'"));
}

TEST_CASE("data, and what it may write in run/, belong to who runs the processes; the release does not") {
  if (!can_give()) return;
  Site site;
  let_others_in(site);
  site.write("data/before/file", "of root\n");
  Release made = release("1.0", 1, {}, as_nobody + "data: {up: uploads/deep}\nwritable: {cache: keep}\n");
  made.tree["cache/page"] = File{"cached\n"};
  REQUIRE(describe(site.apply(made)) == "good");
  for (const std::string path :
       {"data", "data/uploads", "data/uploads/deep", "run/cache", "run/cache/page"}) {
    CAPTURE(path);
    CHECK(owner_of(site, path) == "nobody");
  }
  for (const std::string path : {"data/before", "run", "run/index.html", "run/lib", "deploy", "archives"}) {
    CAPTURE(path);
    CHECK(owner_of(site, path) == "root");
  }
  CHECK(site.is_verified());
}

TEST_CASE("what root's processes have written goes over to the user who comes after them") {
  if (!can_give()) return;
  Site site;
  let_others_in(site);
  REQUIRE(describe(site.apply(release("1.0", 1, {}, "writable: {cache: keep}\n"))) == "good");
  site.write("run/cache/kept", "1\n");
  REQUIRE(describe(site.apply(release("2.0", 2, {}, as_nobody + "writable: {cache: keep}\n"))) == "good");
  CHECK(site.read("run/cache/kept") == "1\n");
  CHECK(owner_of(site, "run/cache/kept") == "nobody");
}

TEST_CASE("what is root's among the files of the user stays root's from release to release") {
  if (!can_give()) return;
  Site site;
  let_others_in(site);
  const std::string settings = as_nobody + "writable: {cache: keep}\n";
  Release first = release("1.0", 1, {}, settings);
  first.tree["cache/page"] = File{"cached\n"};
  REQUIRE(describe(site.apply(first)) == "good");
  site.write("run/cache/key", "moved here by the user\n");
  Release second = release("2.0", 2, {}, settings);
  second.tree["cache/page"] = File{"cached\n"};
  REQUIRE(describe(site.apply(second)) == "good");
  CHECK(owner_of(site, "run/cache/page") == "nobody");
  CHECK(owner_of(site, "run/cache/key") == "root");
}

TEST_CASE("a release that fails leaves data to whom it belonged") {
  if (!can_give()) return;
  Site site;
  let_others_in(site);
  REQUIRE(describe(site.apply(release("1.0", 1, {}))) == "good");
  REQUIRE(owner_of(site, "data") == "root");
  const auto result = site.apply(release("2.0", 2, {{"post_deploy", "exit 1"}}, as_nobody));
  CHECK(result.outcome == "reverted");
  CHECK(owner_of(site, "data") == "root");
}

TEST_CASE("variables are the user's, in a directory where he cannot exchange them") {
  if (!can_give()) return;
  Site site;
  let_others_in(site);
  const auto result = site.apply(release("1.0", 1, {}, as_nobody + "env: {TOWN: Bergen}\n"));
  REQUIRE(describe(result) == "good");
  const std::string place = ".bakehouse/deployments/" + result.deployment + "/variables";
  CHECK(owner_of(site, place) == "root");
  CHECK(owner_of(site, place + "/env") == "nobody");
}

TEST_CASE("hooks run as the user of the processes, who finds the dumps of his release and no others") {
  if (!can_give()) return;
  Site site;
  set_up(site, {{"dump", "id -un >$BAKEHOUSE_BACKUP/dumps/database; echo dumped"},
                {"restore", "echo $(id -un) in $HOME reads $(cat $BAKEHOUSE_BACKUP/dumps/database)"}});
  const auto result = site.apply(
      release("2.0", 2, {{"post_deploy", "id -un; ls $BAKEHOUSE_BACKUP 2>&1 && exit 3; exit 1"}}, as_nobody));
  CHECK(result.outcome == "reverted");
  const std::string home = ::getpwnam("nobody")->pw_dir;
  CAPTURE(site.output);
  CHECK(site.output.starts_with("dumped\nnobody\n"));
  CHECK(site.output.ends_with("nobody in " + home + " reads nobody\n"));
  const std::string backup = "archives/" + result.deployment;
  CHECK(owner_of(site, backup) == "root");
  struct stat found {};
  REQUIRE(::stat((site.root() / backup).c_str(), &found) == 0);
  CHECK((found.st_mode & 07777) == 0700);
}

TEST_CASE("hooks run as root where the node says so, and nobody else can say it") {
  if (!can_give()) return;
  const Release made =
      release("1.0", 1, {{"post_deploy", "id -un"}}, "services: {user: nobody, hooks: root}\n");
  Site site;
  let_others_in(site);
  CHECK(says(describe(site.apply(made)),
             "10 failed: configure failed: `services: {hooks: root}` is for the machine to say"));
  site.write("node.yaml", "services: {hooks: root}\n");
  CHECK(describe(site.apply(made)) == "good");
  CHECK(site.output == "root\n");
}

}  // namespace give_test
