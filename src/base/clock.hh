// Time as a parameter: whoever needs to know or to wait is handed a Clock, so that tests never sleep.
#pragma once

#include "base/file_time.hh"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace bakehouse::base {

struct Clock {
  std::function<std::chrono::system_clock::time_point()> now;
  // For durations and limits: never set back.
  std::function<std::chrono::steady_clock::time_point()> steady;
  std::function<void(std::chrono::milliseconds)> wait;
  // Goes on while the machine sleeps, and begins anew when it starts.
  std::function<std::chrono::milliseconds()> since_boot;

  Seconds seconds() const;
  uint64_t milliseconds() const;
};

Clock system_clock();

// YYYYMMDDThhmmssZ: sorts by time, legal in a file name.
std::string compact_datetime(Seconds time);
// 2026-01-31T12:00:00Z
std::string iso_datetime(Seconds time);

}  // namespace bakehouse::base
