#include "base/clock.hh"

#include <fmt/format.h>

#include <ctime>
#include <thread>

namespace bakehouse::base {

Seconds Clock::seconds() const { return static_cast<Seconds>(milliseconds() / 1000); }

uint64_t Clock::milliseconds() const {
  const auto since_epoch = now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count());
}

Clock system_clock() {
  return {
      [] { return std::chrono::system_clock::now(); },
      [] { return std::chrono::steady_clock::now(); },
      [](std::chrono::milliseconds duration) { std::this_thread::sleep_for(duration); },
      [] {
        timespec time{};
        ::clock_gettime(CLOCK_BOOTTIME, &time);
        return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::seconds(time.tv_sec) +
                                                                     std::chrono::nanoseconds(time.tv_nsec));
      },
  };
}

namespace {

std::string format_utc(Seconds time, const char* pattern) {
  const auto value = static_cast<std::time_t>(time);
  std::tm parts{};
  ::gmtime_r(&value, &parts);
  char text[40];
  const size_t length = std::strftime(text, sizeof text, pattern, &parts);
  return {text, length};
}

}  // namespace

std::string compact_datetime(Seconds time) { return format_utc(time, "%Y%m%dT%H%M%SZ"); }
std::string iso_datetime(Seconds time) { return format_utc(time, "%Y-%m-%dT%H:%M:%SZ"); }

}  // namespace bakehouse::base
