#include "node/retention.hh"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

namespace retention_test {

using namespace bakehouse;
using namespace bakehouse::node;

namespace {

constexpr base::Seconds day = 24 * 3600;
// A Monday.
constexpr base::Seconds monday = 1'767'571'200;

struct Row {
  std::string id;
  base::Seconds ended;
  std::string outcome = "good";
  std::string kind = "apply";
};

std::string kept(const std::optional<config::KeepRule>& rule, const std::vector<Row>& rows) {
  std::vector<phase::HistoryEntry> history;
  for (const Row& row : rows) {
    phase::HistoryEntry entry;
    entry.deployment = row.id;
    entry.outcome = row.outcome;
    entry.kind = row.kind;
    entry.ended = row.ended;
    history.push_back(entry);
  }
  std::string all;
  for (const std::string& id : kept_by(rule, history)) all += id;
  return all;
}

config::KeepRule rule(int last, int daily = 0, int weekly = 0, int monthly = 0, int yearly = 0) {
  return {last, daily, weekly, monthly, yearly};
}

}  // namespace

TEST_CASE("the last good ones are kept") {
  const std::vector<Row> rows{{"a", monday}, {"b", monday}, {"c", monday}};
  CHECK(kept(rule(1), rows) == "c");
  CHECK(kept(rule(2), rows) == "bc");
  CHECK(kept(rule(9), rows) == "abc");
  CHECK(kept(rule(1), {}).empty());
}

TEST_CASE("without a rule all are kept") {
  CHECK(kept(std::nullopt, {{"a", monday, "reverted"}, {"b", monday}, {"c", monday}}) == "abc");
}

TEST_CASE("going back counts for none") {
  const std::vector<Row> rows{{"a", monday},
                              {"b", monday},
                              {"c", monday, "good", "rollback"},
                              {"d", monday},
                              {"e", monday, "good", "rollback"}};
  CHECK(kept(rule(1), rows) == "de");
  CHECK(kept(rule(2), rows) == "bcde");
}

TEST_CASE("order is that of the history, whatever the clock said") {
  CHECK(kept(rule(1), {{"a", monday + day}, {"b", monday}}) == "b");
}

TEST_CASE("of days, weeks, months and years that have one, the newest of each is kept") {
  // In January 2026: two on the 5th (a Monday), one on the 6th, one on Sunday the 11th and one on Monday the
  // 12th; then the 1st of February, and the 31st of December before all.
  const std::vector<Row> rows{{"z", monday - 5 * day}, {"a", monday},           {"b", monday + day - 1},
                              {"c", monday + day},     {"d", monday + 6 * day}, {"e", monday + 7 * day},
                              {"f", monday + 27 * day}};
  CHECK(kept(rule(1, 2), rows) == "ef");
  CHECK(kept(rule(1, 5), rows) == "bcdef");
  CHECK(kept(rule(1, 0, 2), rows) == "ef");
  CHECK(kept(rule(1, 0, 3), rows) == "def");
  CHECK(kept(rule(1, 0, 0, 2), rows) == "ef");
  CHECK(kept(rule(1, 0, 0, 3), rows) == "efz");
  CHECK(kept(rule(1, 0, 0, 0, 1), rows) == "f");
  CHECK(kept(rule(1, 0, 0, 0, 2), rows) == "fz");
}

TEST_CASE("what failed is kept while it is younger than the last good ones, and counts for none") {
  const std::vector<Row> rows{{"a", monday, "reverted"},
                              {"b", monday},
                              {"c", monday, "failed"},
                              {"d", monday},
                              {"e", monday, "reverted"}};
  CHECK(kept(rule(1), rows) == "de");
  CHECK(kept(rule(2), rows) == "bcde");
  CHECK(kept(rule(3), rows) == "abcde");
}

TEST_CASE("each backup that a rule keeps is kept for reasons that can be told") {
  const std::vector<Dated> all{{"e", monday + 3600},
                               {"d", monday},
                               {"c", monday - day},
                               {"b", monday - 40 * day},
                               {"a", monday - 400 * day}};
  config::BackupRule rule;
  CHECK(reasons_by_rule(rule, all, monday).empty());
  rule.last = 1;
  rule.daily = 2;
  rule.yearly = 9;
  rule.within = std::chrono::hours(36);
  const auto reasons = reasons_by_rule(rule, all, monday + 3600);
  using Words = std::vector<std::string>;
  CHECK(reasons.at("e") == Words{"last", "daily 2026-01-05", "yearly 2026-01-05", "within 36h"});
  CHECK(reasons.at("d") == Words{"within 36h"});
  CHECK(reasons.at("c") == Words{"daily 2026-01-04", "within 36h"});
  CHECK(reasons.at("b") == Words{"yearly 2025-11-26"});
  CHECK(reasons.at("a") == Words{"yearly 2024-12-01"});
}

}  // namespace retention_test
