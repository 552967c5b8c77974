#include "base/schedule.hh"

#include "base/clock.hh"
#include "base/error.hh"
#include "support/zone.hh"

#include <doctest/doctest.h>

#include <string>

namespace schedule_test {

using namespace bakehouse;
using base::Schedule;
using support::Zone;

namespace {

constexpr base::Seconds new_year = 1767225600;  // 2026-01-01T00:00:00Z, a Thursday

std::string next(const char* schedule, base::Seconds after = new_year) {
  return base::iso_datetime(Schedule::parse(schedule).next_after(after));
}

}  // namespace

TEST_CASE("a schedule names the next time") {
  const Zone zone("UTC0");
  const struct {
    const char* schedule;
    const char* time;
  } rows[] = {
      {"* * * * *", "2026-01-01T00:01:00Z"},
      {"*/5 * * * *", "2026-01-01T00:05:00Z"},
      {"0 * * * *", "2026-01-01T01:00:00Z"},
      {"30 2 * * *", "2026-01-01T02:30:00Z"},
      {"0 0 * * *", "2026-01-02T00:00:00Z"},
      {"15,45 8-10/2 * * *", "2026-01-01T08:15:00Z"},
      {"0 12 * * mon-fri", "2026-01-01T12:00:00Z"},
      {"0 12 * * SUN", "2026-01-04T12:00:00Z"},
      {"0 12 * * 7", "2026-01-04T12:00:00Z"},
      {"0 0 31 * *", "2026-01-31T00:00:00Z"},
      {"0 0 29 feb *", "2028-02-29T00:00:00Z"},
      {"0 0 13 * fri", "2026-01-02T00:00:00Z"},   // the 13th, and every Friday
      {"0 0 */2 * mon", "2026-01-05T00:00:00Z"},  // an odd day that is a Monday
      {"5/20 0 * * *", "2026-01-01T00:05:00Z"},
      {"  0   4  1  jan-mar  * ", "2026-01-01T04:00:00Z"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.schedule);
    CHECK(next(row.schedule) == row.time);
  }
}

TEST_CASE("the next time is later than the one asked from, however that falls") {
  const Zone zone("UTC0");
  CHECK(next("0 0 * * *", new_year - 1) == "2026-01-01T00:00:00Z");
  CHECK(next("0 0 * * *", new_year) == "2026-01-02T00:00:00Z");
  CHECK(next("* * * * *", new_year + 59) == "2026-01-01T00:01:00Z");
  const Schedule each = Schedule::parse("*/7 3,4 * * *");
  base::Seconds time = new_year;
  for (int i = 0; i < 100; ++i) {
    const base::Seconds later = each.next_after(time);
    CHECK(later > time);
    CHECK(later % 60 == 0);
    time = later;
  }
}

TEST_CASE("a schedule is in local time, and what the clock leaves out is left out") {
  const Zone zone("CET-1CEST,M3.5.0,M10.5.0/3");
  CHECK(next("30 2 * * *") == "2026-01-01T01:30:00Z");
  const base::Seconds march_28 = 1774656000;  // 2026-03-28T00:00:00Z; on the 29th 02:00 becomes 03:00
  CHECK(next("30 2 * * *", march_28) == "2026-03-28T01:30:00Z");
  CHECK(next("30 2 * * *", march_28 + 86400) == "2026-03-30T00:30:00Z");
  CHECK(next("30 3 * * *", march_28 + 86400) == "2026-03-29T01:30:00Z");
}

TEST_CASE("what is no schedule is refused with the field that is wrong") {
  const struct {
    const char* schedule;
    const char* reason;
  } rows[] = {
      {"", "a schedule has five fields, not 0: ''"},
      {"* * * *", "a schedule has five fields, not 4: '* * * *'"},
      {"@daily", "a schedule has five fields, not 1: '@daily'"},
      {"60 * * * *", "the minute of a schedule is '*', or 0 to 59, not '60'"},
      {"* 24 * * *", "the hour of a schedule is '*', or 0 to 23, not '24'"},
      {"* * 0 * *", "the day of the month of a schedule is '*', or 1 to 31, not '0'"},
      {"* * * foo *", "the month of a schedule is '*', or 1 to 12, not 'foo'"},
      {"* * * * 8", "the day of the week of a schedule is '*', or 0 to 7, not '8'"},
      {"5-1 * * * *", "the minute of a schedule is '*', or 0 to 59, not '5-1'"},
      {"1-2-3 * * * *", "the minute of a schedule is '*', or 0 to 59, not '1-2-3'"},
      {"*/0 * * * *", "the minute of a schedule is '*', or 0 to 59, not '0'"},
      {"1, * * * *", "the minute of a schedule is '*', or 0 to 59, not ''"},
      {"-1 * * * *", "the minute of a schedule is '*', or 0 to 59, not ''"},
      {"0 0 30 2 *", "a schedule names a day that never comes"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.schedule);
    CHECK_THROWS_WITH_AS(Schedule::parse(row.schedule), row.reason, base::Error);
  }
}

}  // namespace schedule_test
