// What long work said and what its programs printed, as lines of a file for people.
#pragma once

#include "base/clock.hh"
#include "base/event.hh"
#include "base/fd.hh"
#include "base/last_lines.hh"

#include <cstdint>
#include <string>
#include <string_view>

namespace bakehouse::phase {

// Of a program that prints without end the beginning and the last lines are kept.
constexpr uint64_t largest_log = 1 << 25;

class EventLog {
 public:
  // Writes at the end of `file`; `name` is for messages.
  EventLog(base::Fd file, std::string name, base::Clock clock, uint64_t limit = largest_log);

  // As it is shown on a screen; progress is not kept.
  void take(const base::Event& event);
  // Lines of our own.
  void write(std::string_view text);
  // The last line: how it ended.
  void end(std::string_view outcome);

 private:
  void add(std::string_view line);

  base::Fd file_;
  std::string name_;
  base::Clock clock_;
  uint64_t left_;
  uint64_t omitted_ = 0;
  base::LastLines last_;
};

}  // namespace bakehouse::phase
