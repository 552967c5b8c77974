#include "node/retention.hh"

#include "base/clock.hh"

#include <fmt/format.h>

#include <chrono>
#include <limits>

namespace bakehouse::node {
namespace {

using phase::HistoryEntry;
using Days = std::chrono::sys_days;

Days day_at(base::Seconds time) {
  return std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(time)));
}
Days day_of(const HistoryEntry& entry) { return day_at(entry.ended); }

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

// In the largest unit that says it exactly.
std::string in_words(std::chrono::milliseconds time) {
  constexpr int64_t second = 1000;
  constexpr int64_t hour = 3600 * second;
  const int64_t count = time.count();
  if (count % (24 * hour) == 0) return fmt::format("{}d", count / (24 * hour));
  return count % hour == 0 ? fmt::format("{}h", count / hour) : fmt::format("{}s", count / second);
}

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

std::map<std::string, std::vector<std::string>> reasons_by_rule(const config::BackupRule& rule,
                                                                const std::vector<Dated>& all,
                                                                base::Seconds now) {
  std::map<std::string, std::vector<std::string>> reasons;
  const auto keep_each = [&](const char* word, int64_t (*period)(Days), int count) {
    std::set<int64_t> seen;
    for (const Dated& one : all) {
      if (std::ssize(seen) == count) return;
      if (!seen.insert(period(day_at(one.time))).second) continue;
      reasons[one.id].push_back(fmt::format("{} {}", word, base::iso_datetime(one.time).substr(0, 10)));
    }
  };
  for (size_t i = 0; i < all.size() && i < static_cast<size_t>(rule.last); ++i)
    reasons[all[i].id].emplace_back("last");
  keep_each("daily", daily, rule.daily);
  keep_each("weekly", weekly, rule.weekly);
  keep_each("monthly", monthly, rule.monthly);
  keep_each("yearly", yearly, rule.yearly);
  const auto within = std::chrono::duration_cast<std::chrono::seconds>(rule.within).count();
  for (const Dated& one : all) {
    // What is of the future by this clock is young.
    if (within > 0 && now - one.time <= within) reasons[one.id].push_back("within " + in_words(rule.within));
  }
  return reasons;
}

}  // namespace bakehouse::node
