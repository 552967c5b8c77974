#include "node/prune.hh"

#include "base/error.hh"
#include "base/process.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

namespace prune_test {

using namespace bakehouse;
using namespace bakehouse::node;

namespace {

constexpr const char* keep_two = "keep: {content: {last: 2}, data: {last: 1}}\n";

// Good deployments 1 to `count`; their ids, from index 1 on.
std::vector<std::string> deploy(Site& site, int count, const std::string& settings) {
  std::vector<std::string> ids{""};
  for (int i = 1; i <= count; ++i)
    ids.push_back(site.apply(release(std::to_string(i), static_cast<uint64_t>(i), {}, settings)).deployment);
  return ids;
}

// "tree run data" of what is left of a deployment.
std::string left(const Site& site, const std::string& id) {
  std::string words;
  if (site.exists("deploy/" + id)) words += "tree ";
  if (site.exists("archives/" + id + "/run")) words += "run ";
  if (site.exists("archives/" + id + "/data")) words += "data ";
  if (site.exists(".bakehouse/deployments/" + id)) words += "records ";
  return words;
}

void prune_in_need(Site& site) { prune(site.node(), plan_prune(site.node(), Urgency::emergency)); }

}  // namespace

TEST_CASE("after a good deployment the rule decides what is left of those before") {
  Site site;
  const auto ids = deploy(site, 4, keep_two);
  CHECK(left(site, ids[1]).empty());
  CHECK_FALSE(site.exists("archives/" + ids[1]));
  CHECK(left(site, ids[2]).empty());
  // A rollback goes to the third: it stays whole, and the fourth has what it was.
  CHECK(left(site, ids[3]) == "tree run data records ");
  CHECK(left(site, ids[4]) == "tree run data records ");
  CHECK(describe(site.rollback()) == "good");
  CHECK(site.read("run/index.html") == "page 3\n");
  CHECK(says(refusal([&] { return site.rollback(ids[1]); }), "is no longer here: it was pruned"));
}

TEST_CASE("content and data have rules of their own") {
  Site site;
  const auto ids = deploy(site, 4, "keep: {content: {last: 9}, data: {last: 1}}\n");
  CHECK(left(site, ids[1]) == "tree records ");
  CHECK(left(site, ids[2]) == "tree run records ");
  CHECK(left(site, ids[3]) == "tree run data records ");
}

TEST_CASE("without a rule nothing is removed, and nothing by a rollback") {
  Site site;
  const auto ids = deploy(site, 8, "");
  CHECK(left(site, ids[1]) == "tree data records ");
  for (uint64_t i = 9; i < 12; ++i) site.apply(release(std::to_string(i), i, {}, ""));
  site.apply(release("12", 12, {}, keep_two));
  CHECK(left(site, ids[1]).empty());
  Site other;
  const auto first = deploy(other, 1, keep_two)[1];
  pin(other.node(), first);
  other.apply(release("2", 2, {}, keep_two));
  other.apply(release("3", 3, {}, ""));
  unpin(other.node(), first);
  other.rollback();
  CHECK(left(other, first) == "tree data records ");
}

TEST_CASE("a deployment that ends otherwise prunes nothing") {
  Site site;
  const auto ids = deploy(site, 2, "keep: {content: {last: 1}, data: {last: 1}}\n");
  const auto failed =
      site.apply(release("3", 3, {{"post_deploy", "exit 1"}}, "keep: {content: {last: 1}}\n"));
  CHECK(failed.outcome == "reverted");
  CHECK(left(site, ids[1]) == "tree data records ");
}

TEST_CASE("what is pinned stays until it is pinned no longer") {
  Site site;
  const auto first = deploy(site, 1, keep_two)[1];
  pin(site.node(), first);
  pin(site.node(), first);
  for (uint64_t i = 2; i < 6; ++i) site.apply(release(std::to_string(i), i, {}, keep_two));
  CHECK(left(site, first) == "tree data records ");
  prune_in_need(site);
  CHECK(left(site, first) == "tree data records ");
  CHECK(unpin(site.node(), first));
  CHECK_FALSE(unpin(site.node(), first));
  prune_in_need(site);
  CHECK(left(site, first).empty());
  CHECK(says(refusal([&] { return pin(site.node(), first), Result{}; }), "there is no deployment"));
  CHECK(says(refusal([&] { return pin(site.node(), "../../etc"), Result{}; }), "is no deployment"));
}

TEST_CASE("in an emergency only what serves and where a rollback goes stay") {
  Site site;
  const auto ids = deploy(site, 4, "");
  CHECK(left(site, ids[1]) == "tree data records ");
  const PrunePlan plan = plan_prune(site.node(), Urgency::emergency);
  REQUIRE(plan.removals.size() == 2);
  CHECK(plan.removals[0].deployment == ids[1]);
  CHECK(plan.removals[0].version == "1");
  CHECK(plan.removals[0].content);
  CHECK(plan.removals[0].data);
  CHECK(plan.removals[0].bytes > 0);
  CHECK(left(site, ids[1]) == "tree data records ");  // a plan changes nothing
  prune_in_need(site);
  CHECK(left(site, ids[1]).empty());
  CHECK(left(site, ids[2]).empty());
  CHECK(left(site, ids[3]) == "tree run data records ");
  CHECK(plan_prune(site.node(), Urgency::emergency).removals.empty());
  CHECK(describe(site.rollback()) == "good");
}

TEST_CASE("what a process uses stays") {
  Site site;
  const auto ids = deploy(site, 3, "");
  base::Command command;
  command.argv = {"/bin/sleep", "1000"};
  command.directory = site.root() / "archives" / ids[2] / "run/lib";
  base::Process process = base::Process::start(command);
  pin(site.node(), ids[3]);
  site.apply(release("4", 4));
  site.apply(release("5", 5));
  const PrunePlan plan = plan_prune(site.node(), Urgency::emergency);
  REQUIRE(plan.removals.size() == 1);
  CHECK(plan.removals[0].deployment == ids[1]);
  bool is_told = false;
  for (const std::string& line : plan.kept)
    is_told = is_told || line.ends_with(ids[2] + ": a process uses it");
  CHECK(is_told);
  process.stop(std::chrono::seconds(10));
  prune_in_need(site);
  CHECK(left(site, ids[2]).empty());
}

TEST_CASE("what an interrupted transaction names stays") {
  Site site;
  const auto ids = deploy(site, 3, "");
  site.on_moment = [](const std::string& moment) {
    if (moment == "begin health") throw Kill();
  };
  CHECK_THROWS_AS(site.rollback(ids[1]), Kill);
  site.on_moment = {};
  prune_in_need(site);
  CHECK(left(site, ids[1]) == "tree data records ");
  REQUIRE(site.recover());
  CHECK(site.read("run/index.html") == "page 3\n");
  // And where the release that recovery returned to would go.
  CHECK(describe(site.rollback()) == "good");
  CHECK(site.read("run/index.html") == "page 2\n");
}

namespace {

// Three deployments, and a rollback from the last to the second that was cut off.
std::vector<std::string> interrupt_rollback(Site& site) {
  const auto ids = deploy(site, 3, keep_two);
  site.on_moment = [](const std::string& moment) {
    if (moment == "begin health") throw Kill();
  };
  CHECK_THROWS_AS(site.rollback(), Kill);
  site.on_moment = {};
  return ids;
}

}  // namespace

TEST_CASE("who prunes or pins takes up first what was interrupted; in an emergency, room is made first") {
  const std::vector<std::function<void(Site&, const std::string&)>> commands{
      [](Site& site, const std::string&) { prune_under_lock(site.node(), Urgency::by_rule); },
      [](Site& site, const std::string&) { prune_under_lock(site.node(), Urgency::emergency); },
      [](Site& site, const std::string& id) { pin(site.node(), id); },
      [](Site& site, const std::string& id) { unpin(site.node(), id); }};
  for (const auto& command : commands) {
    Site site;
    const auto ids = interrupt_rollback(site);
    CHECK(site.status().recovery_needed);
    command(site, ids[2]);
    CHECK_FALSE(site.status().recovery_needed);
    CHECK(site.read("run/index.html") == "page 3\n");
    CHECK(site.is_verified());
    CHECK(site.history().back().outcome == "reverted");
  }
}

TEST_CASE("nobody prunes or pins while another one switches") {
  Site site;
  const auto ids = deploy(site, 1, "");
  const phase::Lock lock = site.node().lock_switch("a test");
  CHECK(says(refusal([&] { return pin(site.node(), ids[1]), Result{}; }), "8: "));
  CHECK(says(refusal([&] { return unpin(site.node(), ids[1]), Result{}; }), "8: "));
  CHECK(says(refusal([&] { return prune_under_lock(site.node(), Urgency::by_rule), Result{}; }), "a test"));
  CHECK_FALSE(is_pinned(site.node(), ids[1]));
}

TEST_CASE("a root in which nothing is deployed has nothing to prune") {
  Site site;
  CHECK(plan_prune(site.node(), Urgency::emergency).removals.empty());
}

}  // namespace prune_test
