// A transaction that was cut off, and what the next command makes of it.
#include "base/error.hh"
#include "node/apply.hh"
#include "node/backup.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

namespace recover_test {

using namespace bakehouse;
using namespace bakehouse::node;
namespace fs = std::filesystem;

namespace {

const std::string migration = "echo migrated >$BAKEHOUSE_DATA/book; rm -f $BAKEHOUSE_DATA/old";

// 1.0 in service, then an apply of `next` that is cut off at `moment`.
void cut_off(Site& site, const std::string& moment, const Release& next) {
  REQUIRE(describe(site.apply(release("1.0", 1))) == "good");
  site.write("data/book", "signed\n");
  site.write("data/old", "1");
  site.on_moment = [moment](const std::string& now) {
    if (now == moment) throw Kill();
  };
  CHECK_THROWS_AS(site.apply(next), Kill);
  site.on_moment = nullptr;
}

std::string id_in(const Site& site, const std::string& path) {
  std::string id = site.read(path + "/.bakehouse/deployment");
  id.pop_back();
  return id;
}

std::string staged_run(const Site& site) {
  const std::string litter = site.litter();
  return litter.substr(0, litter.find(' '));
}

}  // namespace

TEST_CASE("cut off at any step, the old release is in service again, whole") {
  std::vector<std::string> moments;
  {
    Site site;
    site.apply(release("2.0", 2, {{"post_deploy", "true"}}));
    moments = site.moments;
  }
  CHECK(moments.size() == 18);
  moments.pop_back();  // "done health": the commit follows at once, and nothing is told between
  for (const std::string& moment : moments) {
    CAPTURE(moment);
    Site site;
    std::string before;
    REQUIRE(describe(site.apply(release("1.0", 1))) == "good");
    site.write("data/book", "signed\n");
    before = site.describe_all();
    site.on_moment = [&](const std::string& now) {
      if (now == moment) throw Kill();
    };
    CHECK_THROWS_AS(site.apply(release("2.0", 2, {{"post_deploy", migration}})), Kill);
    site.on_moment = nullptr;
    CHECK(site.status().recovery_needed);
    const auto recovered = site.recover();
    REQUIRE(recovered);
    // From `start` on visitors may have written: data stays as it is.
    const bool has_started = moment == "done start" || moment == "begin upgrade" ||
                             moment == "done upgrade" || moment == "begin health";
    CHECK(site.read("data/book") == (has_started ? "migrated\n" : "signed\n"));
    if (!has_started) CHECK(site.describe_all() == before);
    CHECK(site.read("run/index.html") == "page 1.0\n");
    CHECK(site.litter().empty());
    CHECK_FALSE(site.status().recovery_needed);
    CHECK(site.history().size() == 2);
    CHECK(site.history().back().cause == "the program was ended before the transaction was");
    CHECK_FALSE(site.recover());
    CHECK(describe(site.apply(release("2.0", 2))) == "good");
  }
}

TEST_CASE("cut off in its undo, recovery takes the undo up") {
  for (const std::string moment :
       {"undo start", "undo deploy", "undo backup", "undo stop", "undo configure", "undo stage"}) {
    CAPTURE(moment);
    Site site;
    const bool has_started = moment == "undo start";
    cut_off(site, moment,
            has_started ? release("2.0", 2, {{"upgrade", "exit 1"}})
                        : release("2.0", 2, {{"post_deploy", migration + "; exit 1"}}));
    const auto recovered = site.recover();
    REQUIRE(recovered);
    CHECK(recovered->outcome == "reverted");
    CHECK(site.read("data/book") == "signed\n");
    CHECK(site.read("data/old") == "1");
    CHECK(site.read("run/index.html") == "page 1.0\n");
    CHECK(site.litter().empty());
    CHECK(says(site.history().back().cause, "exited with status 1"));
  }
}

TEST_CASE("the next apply takes up what an earlier one left") {
  Site site;
  cut_off(site, "begin post_deploy", release("2.0", 2));
  CHECK(describe(site.apply(release("3.0", 3))) == "good");
  CHECK(site.read("run/index.html") == "page 3.0\n");
  CHECK(site.history().size() == 3);
  CHECK(site.history()[1].outcome == "reverted");
  CHECK(says(site.warnings, "the apply of 2.0 was interrupted; taking it up"));
}

TEST_CASE("a first deployment that was cut off leaves nothing") {
  for (const std::string moment : {"done stage", "begin deploy", "done deploy", "begin health"}) {
    CAPTURE(moment);
    Site site;
    site.on_moment = [&](const std::string& now) {
      if (now == moment) throw Kill();
    };
    CHECK_THROWS_AS(site.apply(release("1.0", 1, {}, "data: {uploads: a/b}\n")), Kill);
    site.on_moment = nullptr;
    REQUIRE(site.recover());
    CHECK_FALSE(site.exists("run"));
    CHECK(site.describe("data").empty());
    CHECK(site.describe("deploy").empty());
    CHECK(site.litter().empty());
  }
}

TEST_CASE("when run/ holds neither release recovery touches nothing") {
  struct Row {
    std::string content;  // of run/.bakehouse/deployment
    std::string message;
  };
  for (const Row& row :
       {Row{"\x01 garbage\n", "does not name a deployment"},
        Row{"20200101T000000Z-another\n", "holds the deployment 20200101T000000Z-another, neither"},
        Row{"", "does not name a deployment"}}) {
    for (const std::string moment : {"begin stop", "begin post_deploy", "undo backup"}) {
      CAPTURE(row.content);
      CAPTURE(moment);
      Site site;
      cut_off(site, moment, release("2.0", 2, {{"post_deploy", migration + "; exit 1"}}));
      site.write("run/.bakehouse/deployment", row.content);
      const std::string before = site.describe_all() + site.describe(staged_run(site)) +
                                 site.describe("archives") + site.read(".bakehouse/journal");
      for (const auto& refused :
           {refusal([&] { return *site.recover(); }), refusal([&] { return site.rollback(); }),
            refusal([&] { return site.apply(release("3.0", 3)); })}) {
        CHECK(refused.starts_with("7: "));
        CHECK(says(refused, row.message));
      }
      CHECK(site.describe_all() + site.describe(staged_run(site)) + site.describe("archives") +
                site.read(".bakehouse/journal") ==
            before);
    }
  }
}

TEST_CASE("a run/ that is gone is for a person to look at") {
  Site site;
  cut_off(site, "begin post_deploy", release("2.0", 2));
  fs::rename(site.root() / "run", site.root() / "elsewhere");
  CHECK(refusal([&] { return *site.recover(); }).starts_with("7: "));
  CHECK(site.exists("elsewhere/index.html"));
  fs::rename(site.root() / "elsewhere", site.root() / "run");
  CHECK(site.recover()->outcome == "reverted");
}

TEST_CASE("a switch that cannot be undone leaves both releases where they are") {
  // The old one was lost here when what is staged was cleaned up all the same.
  Site site;
  cut_off(site, "begin post_deploy", release("2.0", 2));
  const std::string staged = staged_run(site);
  const std::string old_id = id_in(site, staged);
  const std::string new_id = id_in(site, "run");
  site.write(staged + "/.bakehouse/deployment", "20200101T000000Z-another\n");
  const std::string before = site.describe_all() + site.describe(staged);
  for (int i = 0; i < 2; ++i) {
    const auto recovered = site.recover();
    REQUIRE(recovered);
    CHECK(recovered->outcome == "needs-hands");
    CHECK(says(describe(*recovered), "undo of deploy: the old release is not in '"));
    CHECK(says(describe(*recovered),
               "undo of stage: what was staged is kept until the undo of deploy has succeeded"));
    CHECK(site.describe_all() + site.describe(staged) == before);
    CHECK(id_in(site, "run") == new_id);
  }
  site.write(staged + "/.bakehouse/deployment", old_id + "\n");
  CHECK(site.recover()->outcome == "reverted");
  CHECK(id_in(site, "run") == old_id);
  CHECK(site.read("run/index.html") == "page 1.0\n");
}

TEST_CASE("data that failed is not lost when putting the old data back is cut off") {
  Site site;
  REQUIRE(describe(site.apply(release("1.0", 1))) == "good");
  site.write("data/book", "signed\n");
  const Node node = site.node();
  const Places places = places_of(node.root.layout, "20200101T000000Z-x");
  backup_data(node, places);
  const std::string before = site.describe("data");
  site.write("data/book", "failed\n");
  restore_data(node, places);
  CHECK(site.describe("data") == before);
  CHECK(site.read("archives/20200101T000000Z-x/data.failed/book") == "failed\n");
  // As a kill between the exchange and the rename leaves it.
  fs::rename(site.root() / "archives/20200101T000000Z-x/data.failed",
             site.root() / ".data.20200101T000000Z-x");
  for (int i = 0; i < 2; ++i) {
    restore_data(node, places);
    CHECK(site.describe("data") == before);
    CHECK(site.read("archives/20200101T000000Z-x/data.failed/book") == "failed\n");
    CHECK(site.litter().empty());
  }
}

TEST_CASE("a torn end of the journal is no obstacle") {
  Site site;
  cut_off(site, "begin post_deploy", release("2.0", 2));
  const std::string journal = site.read(".bakehouse/journal");
  site.write(".bakehouse/journal", journal + std::string("\x40\0\0\0half", 8));
  CHECK(site.recover()->outcome == "reverted");
  CHECK(site.read("run/index.html") == "page 1.0\n");
}

TEST_CASE("a damaged journal is for a person to look at") {
  Site site;
  cut_off(site, "begin post_deploy", release("2.0", 2));
  std::string journal = site.read(".bakehouse/journal");
  journal[journal.size() / 2] = static_cast<char>(journal[journal.size() / 2] ^ 1);
  site.write(".bakehouse/journal", journal);
  const std::string before = site.describe_all();
  CHECK(says(refusal([&] { return *site.recover(); }), "7: the journal is damaged"));
  CHECK(says(refusal([&] { return site.apply(release("3.0", 3)); }), "7: the journal is damaged"));
  CHECK(site.describe_all() == before);
}

TEST_CASE("without a transaction there is nothing to recover") {
  Site site;
  CHECK_FALSE(site.recover());
  site.apply(release("1.0", 1));
  CHECK_FALSE(site.recover());
}

}  // namespace recover_test
