// When something recurs: the five fields of cron, in local time.
#pragma once

#include "base/file_time.hh"

#include <array>
#include <bitset>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::base {

// minute hour day-of-month month day-of-week: each '*', a number, a range, a list of these, and a step
// ("*/5", "8-18/2"); months and days of the week by name, too; Sunday is 0 and 7. Where neither of the days
// is '*', one of them is enough. A local time that does not come, or comes twice, when clocks are put forward
// or back, is left out, or taken twice.
class Schedule {
 public:
  // Error(input) says what is wrong, also of a day that never comes.
  static Schedule parse(std::string_view text);
  // The first time later than `time`, a whole minute.
  Seconds next_after(Seconds time) const;

  enum Place { minute, hour, day, month, weekday };
  // What a field allows, ascending; Sunday is 0.
  std::vector<int> numbers(Place place) const;
  // Whether one of the two kinds of day is enough.
  bool either_day() const { return !any_day_ && !any_weekday_; }

 private:
  using Field = std::bitset<64>;
  bool has_day(int day_now, int month_now, int weekday_now) const;

  std::array<Field, 5> fields_;
  bool any_day_ = false;
  bool any_weekday_ = false;
};

}  // namespace bakehouse::base
