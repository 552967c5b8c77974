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

}  // namespace retention_test
