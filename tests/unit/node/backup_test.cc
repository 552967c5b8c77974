// Backups as transactions take them: what they share, and what they never share.
#include "node/backup.hh"

#include "node/data_copy.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

namespace backup_test {

using namespace bakehouse;
using namespace bakehouse::node;
namespace fs = std::filesystem;

namespace {

bool says(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

uint64_t inode(const Site& site, const std::string& path) {
  return base::Dir::open(site.root()).stat(base::TreePath::parse(path))->inode;
}

// 1.0 in service, with such hooks, and three things in its data.
void set_up(Site& site, const std::vector<std::pair<std::string, std::string>>& hooks = {}) {
  REQUIRE(describe(site.apply(release("1.0", 1, hooks))) == "good");
  site.write("data/book", "signed\n");
  site.write("data/deep/page", "1");
  fs::create_symlink("book", site.root() / "data/link");
}

}  // namespace

TEST_CASE("a backup shares what is unchanged with the backup before, and nothing with data") {
  Site site;
  set_up(site);
  const Result second = site.apply(release("2.0", 2));
  site.write("data/book", "signed again\n");
  const Result third = site.apply(release("3.0", 3));
  REQUIRE(describe(third) == "good");
  const std::string old = "archives/" + second.deployment + "/data/";
  const std::string fresh = "archives/" + third.deployment + "/data/";
  CHECK(inode(site, old + "deep/page") == inode(site, fresh + "deep/page"));
  CHECK(inode(site, old + "book") != inode(site, fresh + "book"));
  for (const char* path : {"book", "deep/page"})
    CHECK(inode(site, fresh + path) != inode(site, std::string("data/") + path));
  CHECK(site.read(old + "book") == "signed\n");
  CHECK(site.read(fresh + "book") == "signed again\n");
  CHECK(site.describe(fresh) == site.describe("data"));
}

TEST_CASE("what is written between the first pass and the end of the processes is in the backup") {
  Site site;
  set_up(site);
  site.on_moment = [&](const std::string& moment) {
    if (moment != "begin stop") return;
    site.write("data/book", "signed late\n");
    site.write("data/new/page", "2");
    fs::remove_all(site.root() / "data/deep");
  };
  const Result second = site.apply(release("2.0", 2));
  REQUIRE(describe(second) == "good");
  CHECK(site.describe("archives/" + second.deployment + "/data") == site.describe("data"));
  CHECK(site.read("archives/" + second.deployment + "/data/book") == "signed late\n");
}

TEST_CASE("the record of a backup says of what it is") {
  Site site;
  set_up(site, {{"dump", "echo rows >$BAKEHOUSE_BACKUP/dumps/database"}});
  const Result second = site.apply(release("2.0", 2));
  const Node node = site.node();
  const Places places = places_of(node.root.layout, second.deployment);
  const auto record = read_backup_record(node, places);
  REQUIRE(record);
  CHECK(record->kind == "apply");
  CHECK(record->version == "1.0");
  CHECK(record->files == 2);
  CHECK(record->bytes == 8);
  CHECK_FALSE(record->in_use);
  require_intact_data(node, places);
  require_intact_dumps(node, places);
  site.write("archives/" + second.deployment + "/dumps/database", "others\n");
  CHECK(says(refusal([&] {
               require_intact_dumps(node, places);
               return Result();
             }),
             "is not what its manifest says"));
}

TEST_CASE("a dump that is damaged is not reloaded, and data stays as it is") {
  Site site;
  set_up(site, {{"dump", "echo rows >$BAKEHOUSE_BACKUP/dumps/database"}, {"restore", "echo reloaded"}});
  const Result result = site.apply(
      release("2.0", 2,
              {{"post_deploy",
                "echo ruined >$BAKEHOUSE_DATA/book; echo x >$BAKEHOUSE_BACKUP/dumps/database; exit 1"}}));
  CHECK(says(describe(result), "7 needs-hands: "));
  CHECK(says(describe(result), "undo of backup: "));
  CHECK(site.output.empty());
  CHECK(site.read("data/book") == "ruined\n");
}

TEST_CASE("a transaction that fails before the processes are stopped leaves no half of a backup") {
  Site site;
  set_up(site);
  site.on_moment = [&](const std::string& moment) {
    if (moment == "done configure") site.cancelled = true;
  };
  const Result result = site.apply(release("2.0", 2));
  CHECK(says(describe(result), "failed"));
  CHECK_FALSE(site.exists("archives/" + result.deployment));
}

TEST_CASE("an earlier backup that nobody can read costs a whole copy and nothing else") {
  Site site;
  set_up(site);
  const Result second = site.apply(release("2.0", 2));
  site.write("archives/" + second.deployment + "/data.manifest", "garbage\n");
  const Result third = site.apply(release("3.0", 3));
  REQUIRE(describe(third) == "good");
  CHECK(says(site.warnings, "cannot be read, and all of data is copied"));
  CHECK(site.describe("archives/" + third.deployment + "/data") == site.describe("data"));
}

}  // namespace backup_test
