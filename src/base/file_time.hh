// Times as files have them; for the time that it is, see base/clock.hh.
#pragma once

#include <compare>
#include <cstdint>

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

}  // namespace bakehouse::base
