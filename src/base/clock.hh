// Time as a parameter: whoever needs to know or to wait is handed a Clock, so that tests never sleep.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace bakehouse::base {

using Seconds = int64_t;  // since the epoch, UTC

// A time of a file, as fine as the kernel keeps it.
struct FileTime {
  Seconds seconds = 0;
  uint32_t nanoseconds = 0;  // below 1'000'000'000, also before the epoch

  FileTime() = default;
  // Whole seconds are file times, too; most formats know no others.
  FileTime(Seconds whole) : seconds(whole) {}  // NOLINT(google-explicit-constructor)
  FileTime(Seconds whole, uint32_t fraction) : seconds(whole), nanoseconds(fraction) {}

  friend auto operator<=>(const FileTime&, const FileTime&) = default;  // NOLINT(modernize-use-nullptr)
};

struct Clock {
  std::function<std::chrono::system_clock::time_point()> now;
  // For durations and limits: never set back.
  std::function<std::chrono::steady_clock::time_point()> steady;
  std::function<void(std::chrono::milliseconds)> wait;

  Seconds seconds() const;
  uint64_t milliseconds() const;
};

Clock system_clock();

// YYYYMMDDThhmmssZ: sorts by time, legal in a file name.
std::string compact_datetime(Seconds time);
// 2026-01-31T12:00:00Z
std::string iso_datetime(Seconds time);

}  // namespace bakehouse::base
