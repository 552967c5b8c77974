// Backups by hand: taken in use, proved, put back, forgotten.
#include "node/backup_restore.hh"

#include "node/backup_forget.hh"
#include "node/backups.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

namespace backup_restore_test {

using namespace bakehouse;
using namespace bakehouse::node;
namespace fs = std::filesystem;

namespace {

bool says(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

const std::vector<std::pair<std::string, std::string>> database_hooks = {
    {"dump", "cp $BAKEHOUSE_ROOT/database $BAKEHOUSE_BACKUP/dumps/database"},
    {"restore", "cp $BAKEHOUSE_BACKUP/dumps/database $BAKEHOUSE_ROOT/database"}};

// 1.0 in service with data and a database; a backup of both; then both have changed.
std::string set_up(Site& site, const std::string& settings = {}) {
  REQUIRE(describe(site.apply(release("1.0", 1, database_hooks, settings))) == "good");
  site.write("data/book", "signed\n");
  site.write("data/deep/page", "1");
  site.write("database", "rows\n");
  const std::string id = create_backup(site.node()).backup.id;
  site.write("data/book", "signed again\n");
  site.write("data/new", "x");
  site.write("database", "more rows\n");
  return id;
}

std::string state(Site& site) {
  return site.describe("data") + site.read("database") + site.litter() + site.read("run/index.html");
}

Restored restore(Site& site, const std::string& id) {
  const Node node = site.node();
  return restore_backup(node, find_backup(node, id), [] {});
}

std::vector<Backup> backups_by_hand(Site& site) {
  auto all = list_backups(site.node());
  std::erase_if(all, [](const Backup& backup) { return backup.record.kind != by_hand_kind; });
  return all;
}

}  // namespace

TEST_CASE("a backup is put back with its dump, and what was there is kept") {
  Site site;
  const std::string id = set_up(site);
  const Restored restored = restore(site, id);
  REQUIRE(describe(restored.result) == "good");
  CHECK(site.describe("data") == site.describe("archives/" + id + "/data"));
  CHECK(site.read("data/book") == "signed\n");
  CHECK(site.read("database") == "rows\n");
  CHECK(base::read_file(restored.replaced / "book", 100) == "signed again\n");
  CHECK(base::read_file(restored.replaced.parent_path() / "dumps/database", 100) == "more rows\n");
  CHECK(site.litter().empty());
  CHECK(site.history().size() == 1);
  CHECK_FALSE(site.recover());
  // The way forth is a way back: from the next backup.
  CHECK(describe(site.apply(release("2.0", 2))) == "good");
}

TEST_CASE("a restore that fails or is killed at any moment is undone or finished, never half") {
  for (const std::string moment :
       {"begin stage", "done stage", "done stop", "begin dump", "done dump", "begin exchange",
        "done exchange", "begin reload", "done reload", "begin start", "begin health", "done health"}) {
    CAPTURE(moment);
    Site site;
    const std::string id = set_up(site);
    const std::string before = state(site);
    site.on_moment = [&](const std::string& now) {
      if (now == moment) throw Kill();
    };
    CHECK_THROWS_AS(restore(site, id), Kill);
    site.on_moment = nullptr;
    // Nothing else is done before it is settled.
    CHECK(says(refusal([&] { return restore(site, id).result; }), "10: a transaction was interrupted"));
    const auto recovered = site.recover();
    REQUIRE(recovered);
    const bool had_stopped = moment != "begin stage" && moment != "done stage";
    CHECK(recovered->outcome == (had_stopped ? "reverted" : "failed"));
    CHECK(state(site) == before);
    CHECK_FALSE(site.recover());
    CHECK(describe(restore(site, id).result) == "good");
  }
}

TEST_CASE("a restore that was committed is finished by recovery") {
  Site site;
  const std::string id = set_up(site);
  const Restored restored = restore(site, id);
  // As a kill right after the commit leaves it.
  auto records = phase::Journal::read(site.node().journal_path());
  REQUIRE(records.back().kind == phase::Record::Kind::closed);
  const fs::path beside = site.root() / (".data." + restored.result.deployment);
  fs::rename(restored.replaced, beside);
  fs::remove(site.node().journal_path());
  auto journal = phase::Journal::create(site.node().journal_path(), records.front().facts, 1);
  for (size_t i = 1; i + 1 < records.size(); ++i) journal.append(records[i]);
  const auto recovered = site.recover();
  REQUIRE(recovered);
  CHECK(recovered->outcome == "good");
  CHECK(site.read("data/book") == "signed\n");
  CHECK(base::read_file(restored.replaced / "book", 100) == "signed again\n");
  CHECK(site.litter().empty());
}

TEST_CASE("when the hook that reloads fails, data and database are what they were") {
  Site site;
  REQUIRE(describe(site.apply(release("1.0", 1,
                                      {database_hooks[0],
                                       {"restore",
                                        "cp $BAKEHOUSE_BACKUP/dumps/database $BAKEHOUSE_ROOT/database; "
                                        "test $(cat $BAKEHOUSE_ROOT/database) != bad"}}))) == "good");
  site.write("data/book", "signed\n");
  site.write("database", "bad\n");
  const std::string id = create_backup(site.node()).backup.id;
  site.write("data/book", "signed again\n");
  site.write("database", "good\n");
  const std::string before = state(site);
  const Restored restored = restore(site, id);
  CHECK(says(describe(restored.result), "6 reverted: reload failed: the hook 'restore' exited"));
  CHECK(state(site) == before);
}

TEST_CASE("a damaged backup is found by a check, counted no longer, and not put back") {
  Site site;
  const std::string id = set_up(site);
  const std::string before = state(site);
  for (const std::string part : {"data/book", "dumps/database", "data.manifest"}) {
    CAPTURE(part);
    const std::string path = "archives/" + id + "/" + part;
    const std::string whole = site.read(path);
    site.write(path, whole + "x");
    const Node node = site.node();
    CHECK_THROWS_AS(check_backup(node, find_backup(node, id), CheckDepth::digests), base::Error);
    CHECK(find_backup(node, id).state == Backup::State::damaged);
    CHECK(says(refusal([&] { return restore(site, id).result; }), "10: "));
    site.write(path, whole);
    CHECK(check_backup(node, find_backup(node, id), CheckDepth::restore).is_good);
    CHECK(find_backup(node, id).state == Backup::State::complete);
  }
  // Damaged since the last look: nothing is stopped for it.
  site.write("archives/" + id + "/data/book", "other\n");
  const Restored restored = restore(site, id);
  CHECK(says(describe(restored.result), "failed: stage failed: the backup '"));
  CHECK(state(site) == before);
}

TEST_CASE("a backup that was not finished is none, and the next one removes it") {
  Site site;
  set_up(site);
  const Node node = site.node();
  const Places places = places_of(node.root.layout, "20200101T000000Z-x");
  node.dir.make_dirs(places.backup, 0700);
  BackupRecord record;
  record.kind = by_hand_kind;
  write_backup_record(node, places, record);
  CHECK(find_backup(node, places.id).state == Backup::State::unfinished);
  CHECK(says(refusal([&] { return restore(site, places.id).result; }), "10: "));
  create_backup(node);
  CHECK_FALSE(node.dir.exists(places.backup));
}

TEST_CASE(
    "without a rule nothing is forgotten; with one, what it does not keep, but never the newest good one") {
  for (const bool has_rule : {false, true}) {
    CAPTURE(has_rule);
    Site site;
    set_up(site, has_rule ? "backups: {keep: {last: 1}}\n" : "");
    create_backup(site.node());
    const std::string newest = create_backup(site.node()).backup.id;
    const auto told = forget_backups(site.node(), {}, true);
    CHECK(told.forgotten.size() == (has_rule ? 2 : 0));
    CHECK(backups_by_hand(site).size() == 3);
    forget_backups(site.node(), {}, false);
    CHECK(backups_by_hand(site).size() == 3);
    prune_backups(site.node(), true);
    CHECK(backups_by_hand(site).size() == 3);
    prune_backups(site.node(), false);
    CHECK(backups_by_hand(site).size() == (has_rule ? 1 : 3));
    CHECK(find_backup(site.node(), std::nullopt).id == newest);
    CHECK(says(refusal([&] {
                 forget_backups(site.node(), {newest}, false);
                 return Result();
               }),
               "the newest good one"));
    const Node node = site.node();
    CHECK(check_backup(node, find_backup(node, newest), CheckDepth::restore).is_good);
  }
}

TEST_CASE("what a deployment in service or a rollback needs is not forgotten, and not pruned if it was") {
  Site site;
  set_up(site, "backups: {keep: {last: 1}}\n");
  const std::string second = site.apply(release("2.0", 2, {}, "backups: {keep: {last: 1}}\n")).deployment;
  create_backup(site.node());
  CHECK(says(refusal([&] {
               forget_backups(site.node(), {second}, false);
               return Result();
             }),
             "in service"));
  site.write("archives/" + second + "/forgotten.json", "{}\n");
  prune_backups(site.node(), false);
  CHECK(site.exists("archives/" + second + "/data.manifest"));
}

}  // namespace backup_restore_test
