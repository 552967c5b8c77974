// What a release that fails leaves: the one before, with its data, and a word on why.
#include "base/error.hh"
#include "node/apply.hh"
#include "node/serve.hh"
#include "phase/lock.hh"
#include "service/driver.hh"
#include "site.hh"
#include "support/tree_literal.hh"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>

#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace undo_test {

using namespace bakehouse;
using namespace bakehouse::node;
namespace fs = std::filesystem;

namespace {

const std::string ruins_data =
    "echo ruined >$BAKEHOUSE_DATA/book; rm $BAKEHOUSE_DATA/deep/page; echo x >$BAKEHOUSE_DATA/new";
const std::string ill = "health: [{command: 'false', within: 100ms, every: 10ms}]\n";

// A shop with 1.0 in service and things in its data.
void set_up(Site& site, const std::vector<std::pair<std::string, std::string>>& hooks = {}) {
  REQUIRE(describe(site.apply(release("1.0", 1, hooks))) == "good");
  site.write("data/book", "signed\n");
  site.write("data/deep/page", "1");
  fs::create_symlink("book", site.root() / "data/link");
  fs::create_directory(site.root() / "data/empty");
  fs::permissions(site.root() / "data/empty", fs::perms(0700));
  base::Dir::open(site.root()).set_mtime(base::TreePath::parse("data/book"), 1'600'000'000);
  site.output.clear();
}

std::set<std::string> lines_of(const std::string& text) {
  std::istringstream lines(text);
  std::set<std::string> found;
  for (std::string line; std::getline(lines, line);) found.insert(line);
  return found;
}

// A supervisor of the site in a process of its own.
class Supervisor {
 public:
  explicit Supervisor(Site& site) : state_(site.root() / ".bakehouse") {
    pid_ = ::fork();
    if (pid_ == 0) {
      try {
        site.on_moment = nullptr;
        serve(site.node());
      } catch (...) {
        ::_exit(1);
      }
      ::_exit(0);
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    // It holds the switch lock until it answers.
    const auto is_ready = [&] {
      return service::supervisor_runs(state_) && !phase::Lock::holder(state_ / "switch.lock");
    };
    while (!is_ready() && std::chrono::steady_clock::now() < deadline)
      base::system_clock().wait(std::chrono::milliseconds(5));
    REQUIRE(is_ready());
  }
  ~Supervisor() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  size_t running() const {
    size_t count = 0;
    for (const auto& state : service::open_driver(state_)->states()) count += state.running ? 1 : 0;
    return count;
  }

 private:
  fs::path state_;
  pid_t pid_ = -1;
};

}  // namespace

TEST_CASE("a migration that fails is undone: code and data are what they were, to the byte") {
  Site site;
  set_up(site);
  const std::string before = site.describe_all();
  const Result result = site.apply(release("2.0", 2, {{"post_deploy", ruins_data + "; exit 1"}}));
  CHECK(
      says(describe(result), "6 reverted: post_deploy failed: the hook 'post_deploy' exited with status 1"));
  CHECK(says(describe(result), "1.0 is in service as before"));
  CHECK(site.describe_all() == before);
  CHECK(site.litter().empty());
  CHECK(site.history().back().outcome == "reverted");
  CHECK(site.history().back().step == "post_deploy");
  CHECK(says(site.history().back().cause, "exited with status 1"));
  CHECK_FALSE(site.status().recovery_needed);
  CHECK(site.status().version == "1.0");
  // What failed is kept, for whoever wants to know.
  const std::string kept = "archives/" + result.deployment;
  CHECK(site.read(kept + "/run.failed/index.html") == "page 2.0\n");
  CHECK(site.read(kept + "/data.failed/book") == "ruined\n");
  CHECK(site.read(kept + "/data.failed/new") == "x\n");
}

TEST_CASE("attributes and hard links of data come back, too") {
  Site site;
  set_up(site);
  const auto book = site.root() / "data/book";
  fs::create_hard_link(book, site.root() / "data/copy");
  const bool has_attributes = ::setxattr(book.c_str(), "user.note", "kept", 4, 0) == 0;
  const std::string before = support::describe_tree(site.root() / "data");
  // What replaces a file leaves neither its attributes nor its other names.
  const std::string replaces = "cd $BAKEHOUSE_DATA; echo other >b; mv b book; rm copy; exit 1";
  site.apply(release("2.0", 2, {{"post_deploy", replaces}}));
  CHECK(site.history().back().outcome == "reverted");
  CHECK(support::describe_tree(site.root() / "data") == before);
  CHECK(fs::hard_link_count(book) == 2);
  char note[8] = {};
  if (has_attributes) CHECK(::getxattr(book.c_str(), "user.note", note, sizeof note) == 4);
}

TEST_CASE("after a release that failed the next one succeeds") {
  Site site;
  set_up(site);
  site.apply(release("2.0", 2, {{"post_deploy", ruins_data + "; exit 1"}}));
  CHECK(describe(site.apply(release("2.1", 3, {{"post_deploy", "echo migrated >>$BAKEHOUSE_DATA/book"}}))) ==
        "good");
  CHECK(site.read("data/book") == "signed\nmigrated\n");
  CHECK(site.rollback().version == "1.0");
  CHECK(site.read("data/book") == "signed\nmigrated\n");  // a rollback is of code
}

TEST_CASE("the first deployment leaves nothing when it fails") {
  Site site;
  const Result result = site.apply(release("1.0", 1, {{"post_deploy", "exit 1"}}, "data: {uploads: a/b}\n"));
  CHECK(says(describe(result), "6 reverted: post_deploy failed"));
  CHECK(says(describe(result), "nothing is in service, as before"));
  CHECK_FALSE(site.exists("run"));
  CHECK(site.describe("data").empty());
  CHECK(site.describe("deploy").empty());
  CHECK(site.litter().empty());
  CHECK(site.exists("archives/" + result.deployment + "/run.failed/index.html"));
  CHECK(site.status().deployment.empty());
  CHECK(describe(site.apply(release("1.1", 2))) == "good");
}

TEST_CASE("a health check that fails puts the code back and leaves data as the visitors left it") {
  Site site;
  set_up(site);
  const Result result =
      site.apply(release("2.0", 2, {{"upgrade", "echo signed again >>$BAKEHOUSE_DATA/book"}}, ill));
  CHECK(says(describe(result), "6 reverted: health failed: false: not well within 100 ms"));
  CHECK(site.read("run/index.html") == "page 1.0\n");
  CHECK(site.read("data/book") == "signed\nsigned again\n");
  CHECK_FALSE(site.exists("archives/" + result.deployment + "/data.failed"));
}

TEST_CASE("the rule of undo says what becomes of data") {
  struct Row {
    std::string rule;
    std::string when_migrating;  // what is in data/ after a failure before the processes started
    std::string when_running;    // and after one afterwards
  };
  const std::string kept = "signed\n";
  const std::string lost = "changed\n";
  for (const Row& row : {Row{"closed", kept, lost}, Row{"always", kept, kept}, Row{"never", lost, lost}}) {
    CAPTURE(row.rule);
    const std::string change = "echo changed >$BAKEHOUSE_DATA/book";
    const std::string rule = "undo-data: " + row.rule + "\n";
    Site site;
    set_up(site);
    CHECK(site.apply(release("2.0", 2, {{"post_deploy", change + "; exit 1"}}, rule)).outcome == "reverted");
    CHECK(site.read("data/book") == row.when_migrating);
    CHECK(site.read("run/index.html") == "page 1.0\n");
    site.write("data/book", kept);
    CHECK(site.apply(release("3.0", 3, {{"upgrade", change + "; exit 1"}}, rule)).outcome == "reverted");
    CHECK(site.read("data/book") == row.when_running);
    CHECK(site.read("run/index.html") == "page 1.0\n");
  }
}

TEST_CASE(
    "the rule of undo holds while processes go on writing, and nobody who was thanked is forgotten "
    "otherwise") {
  // Who writes is thanked afterwards, in a file that no undo knows.
  const std::string web =
      "processes: {web: {command: 'i=0; while :; do i=$((i+1)); e=\"$BAKEHOUSE_VERSION $$ $i\"; echo $e "
      ">>$BAKEHOUSE_DATA/entries; echo $e >>$BAKEHOUSE_ROOT/thanked; sleep 0.01; done'}}\n";
  const std::string until_2_writes = "until grep -q ^2 $BAKEHOUSE_ROOT/thanked; do :; done; exit 1";
  for (const std::string rule : {"closed", "always", "never"}) {
    for (const std::string phase : {"post_deploy", "upgrade"}) {
      CAPTURE(rule);
      CAPTURE(phase);
      Site site;
      REQUIRE(describe(site.apply(release("1.0", 1, {}, web))) == "good");
      const Supervisor supervisor(site);
      while (!site.exists("thanked")) base::system_clock().wait(std::chrono::milliseconds(5));
      const std::string fails =
          phase == "upgrade" ? until_2_writes : "echo 3 >$BAKEHOUSE_DATA/entries; exit 1";
      const auto result = site.apply(release("2.0", 2, {{phase, fails}}, web + "undo-data: " + rule + "\n"));
      CHECK(result.outcome == "reverted");
      // Asked for first, so that whoever writes meanwhile is missed nowhere.
      const std::string thanked = site.read("thanked");
      const std::set<std::string> kept = lines_of(site.read("data/entries"));
      const bool goes_back = rule == "always" || (rule == "closed" && phase == "post_deploy");
      const bool was_overwritten = !goes_back && phase == "post_deploy";
      CHECK(kept.contains("3") == was_overwritten);
      for (const std::string& entry : lines_of(thanked)) {
        const bool is_of_failed = entry.starts_with("2");
        CAPTURE(entry);
        if (!was_overwritten) CHECK(kept.contains(entry) == (!is_of_failed || !goes_back));
      }
    }
  }
}

TEST_CASE("undo reloads what was dumped, with the hooks of the old release") {
  Site site;
  set_up(site, {{"dump", "echo of $BAKEHOUSE_VERSION >$BAKEHOUSE_BACKUP/dumps/database"},
                {"restore",
                 "echo $BAKEHOUSE_PHASE $(cat $BAKEHOUSE_BACKUP/dumps/database); cat index.html; "
                 "cat $BAKEHOUSE_DATA/book"}});
  const Result result = site.apply(release(
      "2.0", 2, {{"post_deploy", ruins_data + "; exit 1"}, {"restore", "echo the hook of what failed"}}));
  CHECK(result.outcome == "reverted");
  // Old code and old data are in place when it runs.
  CHECK(site.output == "restore of 1.0\npage 1.0\nsigned\n");
}

TEST_CASE("a dump that failed is not reloaded") {
  // Half a dump over a database that nothing had changed would be the only damage.
  Site site;
  set_up(site,
         {{"dump", "echo half >$BAKEHOUSE_BACKUP/dumps/database; exit 1"}, {"restore", "echo reloaded"}});
  const std::string before = site.describe_all();
  const Result result = site.apply(release("2.0", 2));
  CHECK(says(describe(result), "6 reverted: backup failed: the hook 'dump' exited with status 1"));
  CHECK(site.output.empty());
  CHECK(site.describe_all() == before);
  CHECK(site.litter().empty());
}

TEST_CASE("the wish to stop that began an undo does not end what undo waits for") {
  Site site;
  set_up(site, {{"restore", "sleep 0.2; echo reloaded"}});
  const std::string before = site.describe_all();
  site.on_moment = [&](const std::string& moment) {
    site.cancelled = site.cancelled || moment == "begin post_deploy";
  };
  const Result result = site.apply(release("2.0", 2, {{"post_deploy", ruins_data + "; sleep 1000"}}));
  CHECK(says(describe(result), "6 reverted: post_deploy failed: the hook 'post_deploy' was cancelled"));
  CHECK(site.output == "reloaded\n");
  CHECK(site.describe_all() == before);
}

TEST_CASE("an undo that fails is tried again, and nothing that depends on it goes ahead meanwhile") {
  Site site;
  set_up(site, {{"restore", "test -e $BAKEHOUSE_ROOT/database-is-up"}});
  const std::string before = site.describe_all();
  const Result result = site.apply(release("2.0", 2, {{"post_deploy", ruins_data + "; exit 1"}}));
  CHECK(says(describe(result), "7 needs-hands: post_deploy failed: "));
  CHECK(says(describe(result),
             "and not all of it could be undone:\n  undo of backup: the hook 'restore' exited"));
  CHECK(site.status().recovery_needed);
  CHECK(site.history().size() == 1);
  CHECK(site.read("run/index.html") == "page 1.0\n");
  // Neither recovery nor the next release gets past it.
  const auto again = site.recover();
  REQUIRE(again);
  CHECK(again->outcome == "needs-hands");
  CHECK(says(refusal([&] { return site.apply(release("3.0", 3)); }), "7: "));
  CHECK(site.read("archives/" + result.deployment + "/data.failed/book") == "ruined\n");
  site.write("database-is-up", "");
  const auto mended = site.recover();
  REQUIRE(mended);
  CHECK(mended->outcome == "reverted");
  CHECK(site.describe_all() == before);
  CHECK(site.litter().empty());
  CHECK(site.read("archives/" + result.deployment + "/data.failed/book") == "ruined\n");
  CHECK_FALSE(site.status().recovery_needed);
  CHECK(site.history().back().outcome == "reverted");
  CHECK(says(site.history().back().cause, "exited with status 1"));
  CHECK_FALSE(site.recover());
}

TEST_CASE("a backup that is gone or damaged is not put back") {
  for (const std::string lost : {"data.manifest", "data/book"}) {
    CAPTURE(lost);
    Site site;
    set_up(site);
    const std::string damage = lost == "data.manifest" ? "rm $BAKEHOUSE_BACKUP/data.manifest"
                                                       : "echo other >$BAKEHOUSE_BACKUP/data/book";
    const Result result =
        site.apply(release("2.0", 2, {{"post_deploy", ruins_data + "; " + damage + "; exit 1"}}));
    CHECK(says(describe(result), "7 needs-hands: "));
    CHECK(says(describe(result), "undo of backup: "));
    // Data is what the migration made of it, not half of the one and half of the other.
    CHECK(site.read("data/book") == "ruined\n");
    CHECK(site.read("data/new") == "x\n");
    CHECK(site.read("run/index.html") == "page 1.0\n");
  }
}

TEST_CASE("processes that were undone run again") {
  Site site;
  const std::string web = "processes: {web: {command: exec sleep 1000}}\n";
  REQUIRE(describe(site.apply(release("1.0", 1, {}, web))) == "good");
  const Supervisor supervisor(site);
  CHECK(supervisor.running() == 1);
  CHECK(site.apply(release("2.0", 2, {{"post_deploy", "exit 1"}}, web)).outcome == "reverted");
  CHECK(supervisor.running() == 1);
}

TEST_CASE("while data is not back the old processes stay stopped") {
  // They would write what the next try of the undo takes away again.
  Site site;
  const std::string web = "processes: {web: {command: exec sleep 1000}}\n";
  REQUIRE(describe(site.apply(
              release("1.0", 1, {{"restore", "test -e $BAKEHOUSE_ROOT/database-is-up"}}, web))) == "good");
  const Supervisor supervisor(site);
  const Result result = site.apply(release("2.0", 2, {{"post_deploy", "exit 1"}}, web));
  CHECK(says(describe(result), "7 needs-hands: "));
  CHECK(says(describe(result),
             "undo of stop: the processes stay stopped until the undo of backup has succeeded"));
  CHECK(supervisor.running() == 0);
  site.write("database-is-up", "");
  const auto mended = site.recover();
  REQUIRE(mended);
  CHECK(mended->outcome == "reverted");
  CHECK(supervisor.running() == 1);
}

TEST_CASE("an old release that is back but not well is for a person to look at") {
  Site site;
  const std::string web = "processes: {web: {command: exec sleep 1000}}\n";
  const std::string check = "health: [{command: '! test -e ../data/poison', within: 100ms, every: 10ms}]\n";
  REQUIRE(describe(site.apply(release("1.0", 1, {}, web + check))) == "good");
  const Supervisor supervisor(site);
  const Result result =
      site.apply(release("2.0", 2, {{"upgrade", "touch $BAKEHOUSE_DATA/poison; exit 1"}}, web + check));
  CHECK(says(describe(result), "7 reverted: upgrade failed: "));
  CHECK(says(describe(result), "but it is not well: "));
  CHECK(supervisor.running() == 1);
  CHECK_FALSE(site.status().recovery_needed);
}

}  // namespace undo_test
