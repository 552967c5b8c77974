// A moment in the future that is known again after a restart of the machine.
#pragma once

#include "base/clock.hh"
#include "text/value.hh"

#include <chrono>
#include <string>

namespace bakehouse::phase {

struct Deadline {
  std::string boot;  // in which it was set
  std::chrono::milliseconds since_boot{
      0};                 // when it is, while that boot lasts: sleep counts, setting clocks does not
  base::Seconds set = 0;  // by the wall clock, which is all that is left afterwards
  base::Seconds wall = 0;
};

Deadline deadline_after(std::chrono::milliseconds time, const base::Clock& clock);
// After a restart a wall clock that says less than when it was set was set back: then nobody can tell, and it
// is taken to be past.
bool is_past(const Deadline& deadline, const base::Clock& clock);

text::Value encode(const Deadline& deadline);
Deadline decode_deadline(const text::Value& value);

}  // namespace bakehouse::phase
