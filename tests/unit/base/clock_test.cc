#include "base/clock.hh"

#include <doctest/doctest.h>

namespace clock_test {

using namespace bakehouse::base;

TEST_CASE("times are shown in UTC") {
  const struct {
    Seconds time;
    const char* compact;
    const char* iso;
  } rows[] = {
      {0, "19700101T000000Z", "1970-01-01T00:00:00Z"},
      {951782400, "20000229T000000Z", "2000-02-29T00:00:00Z"},
      {1767225599, "20251231T235959Z", "2025-12-31T23:59:59Z"},
      {4102444800, "21000101T000000Z", "2100-01-01T00:00:00Z"},
      {-1, "19691231T235959Z", "1969-12-31T23:59:59Z"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.time);
    CHECK(compact_datetime(row.time) == row.compact);
    CHECK(iso_datetime(row.time) == row.iso);
  }
}

TEST_CASE("seconds and milliseconds are those of the clock that was handed in") {
  Clock clock = system_clock();
  clock.now = [] { return std::chrono::system_clock::time_point(std::chrono::milliseconds(1767225599987)); };
  CHECK(clock.seconds() == 1767225599);
  CHECK(clock.milliseconds() == 1767225599987);
}

TEST_CASE("the steady clock never goes back") {
  const Clock clock = system_clock();
  const auto before = clock.steady();
  CHECK(clock.steady() >= before);
}

}  // namespace clock_test
