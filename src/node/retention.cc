#include "node/retention.hh"

#include <chrono>
#include <limits>

namespace bakehouse::node {
namespace {

using phase::HistoryEntry;
using Days = std::chrono::sys_days;

Days day_of(const HistoryEntry& entry) {
  return std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(entry.ended)));
}

// Each numbers its periods, whatever the numbers are.
int64_t daily(Days day) { return day.time_since_epoch().count(); }
// The epoch was a Thursday; weeks begin on Monday.
int64_t weekly(Days day) {
  return std::chrono::floor<std::chrono::weeks>(day.time_since_epoch() + std::chrono::days(3)).count();
}
int64_t yearly(Days day) { return static_cast<int>(std::chrono::year_month_day(day).year()); }
int64_t monthly(Days day) {
  return 12 * yearly(day) + static_cast<unsigned>(std::chrono::year_month_day(day).month());
}

class Selection {
 public:
  // Newest first.
  explicit Selection(std::vector<const HistoryEntry*> good) : good_(std::move(good)) {}

  void keep_newest(int count) {
    for (const HistoryEntry* entry : good_) {
      if (count-- <= 0) return;
      kept_.insert(entry->deployment);
    }
  }

  void keep_newest_of_each(int64_t (*period)(Days), int count) {
    std::set<int64_t> seen;
    for (const HistoryEntry* entry : good_) {
      if (std::ssize(seen) == count) return;
      if (seen.insert(period(day_of(*entry))).second) kept_.insert(entry->deployment);
    }
  }

  std::set<std::string> take() { return std::move(kept_); }

 private:
  std::vector<const HistoryEntry*> good_;
  std::set<std::string> kept_;
};

}  // namespace

std::set<std::string> kept_by(const std::optional<config::KeepRule>& rule,
                              const std::vector<HistoryEntry>& history) {
  const int last = rule ? rule->last : std::numeric_limits<int>::max();
  std::vector<const HistoryEntry*> good;
  std::set<std::string> others;
  for (auto entry = history.rbegin(); entry != history.rend(); ++entry) {
    // To and fro in an incident pushes nothing out.
    if (entry->outcome == "good" && entry->kind != "rollback")
      good.push_back(&*entry);
    else if (std::ssize(good) < last)
      others.insert(entry->deployment);
  }
  Selection selection(std::move(good));
  selection.keep_newest(last);
  if (rule) {
    selection.keep_newest_of_each(daily, rule->daily);
    selection.keep_newest_of_each(weekly, rule->weekly);
    selection.keep_newest_of_each(monthly, rule->monthly);
    selection.keep_newest_of_each(yearly, rule->yearly);
  }
  std::set<std::string> kept = selection.take();
  kept.merge(others);
  return kept;
}

}  // namespace bakehouse::node
