#include "node/forecast.hh"

#include "base/error.hh"
#include "site.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace forecast_test {

using namespace bakehouse;
using namespace bakehouse::node;

namespace {

Forecast forecast(Site& site, const Release& release, const ApplyOptions& options = {}) {
  return forecast_apply(site.node(), site.archive(release), support::trust(site.key), options);
}

std::string changes(const Forecast& forecast) {
  std::string text;
  for (const Change& change : forecast.changes) {
    static constexpr const char* signs[] = {"+", "~", "m", "-"};
    text += std::string(signs[static_cast<size_t>(change.kind)]) + change.path + " ";
  }
  return text;
}

}  // namespace

TEST_CASE("a plan walks the steps that apply walks, and tells what differs") {
  Site site;
  Release first = release("1.0", 1, {{"dump", "true"}});
  first.tree["gone"] = File{"x"};
  first.tree["tool"] = File{"y"};
  CHECK(changes(forecast(site, first)) ==
        "+.bake +.bake/hooks +.bake/hooks/dump +gone +index.html +lib +lib/code +tool ");
  site.apply(first);

  Release second = release("2.0", 2, {{"post_deploy", "true"}, {"upgrade.d/10-x", "true"}});
  second.tree["tool"] = File{"y", 0755};
  second.tree["lib/code"] = File{"1.0"};
  const std::string before = site.describe_all();
  const Forecast plan = forecast(site, second);
  CHECK(site.describe_all() == before);
  CHECK(site.history().size() == 1);
  CHECK(changes(plan) ==
        "-.bake/hooks/dump +.bake/hooks/post_deploy +.bake/hooks/upgrade.d +.bake/hooks/upgrade.d/10-x -gone "
        "~index.html mtool ");
  CHECK(plan.hooks == std::vector<std::string>{"post_deploy", "upgrade", "dump (of 1.0)"});
  CHECK(plan.version == "2.0");
  CHECK(plan.previous_version == "1.0");
  CHECK(plan.undo_data == "closed");

  site.moments.clear();
  site.apply(second);
  std::vector<std::string> walked;
  for (const std::string& moment : site.moments)
    if (moment.starts_with("begin ")) walked.push_back(moment.substr(6));
  CHECK(walked == plan.steps);
}

TEST_CASE("what apply would refuse, a plan refuses") {
  Site site;
  site.apply(release("2.0", 2));
  const auto refused = [&](const Release& release) {
    return refusal([&] { return forecast(site, release), Result{}; });
  };
  CHECK(says(refused(release("1.0", 1)), "10: 1.0 is older than what was in service here already"));
  CHECK(says(refused(release("3.0", 3, {}, "health: 5\n")), "3: bake.yaml:2:1: 'health' must be a list"));
  Release foreign = release("3.0", 3);
  foreign.name = "another";
  CHECK(says(refused(foreign), "4: the archive is a release of 'another'"));
}

TEST_CASE("a plan has another id when anything it hangs on has changed") {
  Site site;
  site.apply(release("1.0", 1));
  const Release second = release("2.0", 2);
  const std::string id = forecast(site, second).id;
  CHECK(forecast(site, second).id == id);

  ApplyOptions other;
  other.settings = {"undo-data=never"};
  CHECK(forecast(site, second, other).id != id);
  CHECK(forecast(site, release("2.1", 2)).id != id);
  site.write("node.yaml", "undo-data: always\n");
  CHECK(forecast(site, second).id != id);
  CHECK(forecast(site, second).undo_data == "always");
  std::filesystem::remove(site.root() / "node.yaml");
  CHECK(forecast(site, second).id == id);
  site.write("run/extra", "x");
  CHECK(forecast(site, second).id != id);
  CHECK(forecast(site, second).drift.size() == 1);
  std::filesystem::remove(site.root() / "run/extra");

  ApplyOptions planned;
  planned.plan = id;
  CHECK(
      says(refusal([&] { return site.apply(release("2.1", 2), planned); }), "10: this is not what the plan"));
  CHECK(site.status().version == "1.0");
  CHECK(describe(site.apply(second, planned)) == "good");
  CHECK(says(refusal([&] { return site.apply(second, planned); }), "10: this is not what the plan"));
}

TEST_CASE("a plan names the rollbacks that end with it") {
  Site site;
  const std::string keep = "keep: {content: {last: 2}}\n";
  const Result first = site.apply(release("1.0", 1, {}, keep));
  site.apply(release("2.0", 2, {}, keep));
  const Release third = release("3.0", 3, {}, keep);
  CHECK(forecast(site, third).rollbacks_ended == std::vector<std::string>{"1.0 " + first.deployment});
  CHECK(forecast(site, release("3.0", 3)).rollbacks_ended.empty());
  site.apply(third);
  CHECK_FALSE(site.exists("deploy/" + first.deployment));
}

}  // namespace forecast_test
