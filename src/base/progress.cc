#include "base/progress.hh"

#include <fmt/format.h>

namespace bakehouse::base {

Progress tell_tenths(EventSink events, std::string phase) {
  constexpr uint64_t worthwhile = 100'000'000;
  constexpr uint64_t megabyte = 1'000'000;
  constexpr uint64_t parts = 10;
  return [events = std::move(events), phase = std::move(phase), told = uint64_t{0}](uint64_t done,
                                                                                    uint64_t total) mutable {
    if (total < worthwhile || done * parts / total <= told) return;
    told = done * parts / total;
    events({Event::Kind::progress, phase, fmt::format("{} of {} MB", done / megabyte, total / megabyte)});
  };
}

}  // namespace bakehouse::base
