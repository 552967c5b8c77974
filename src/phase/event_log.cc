#include "phase/event_log.hh"

#include "base/encoding.hh"

#include <fmt/format.h>

#include <utility>

namespace bakehouse::phase {
namespace {

using base::Event;

constexpr size_t most_last_lines = 200;

}  // namespace

EventLog::EventLog(base::Fd file, std::string name, base::Clock clock, uint64_t limit)
    : file_(std::move(file)),
      name_(std::move(name)),
      clock_(std::move(clock)),
      left_(limit),
      last_(most_last_lines) {}

void EventLog::take(const Event& event) {
  switch (event.kind) {
    case Event::Kind::phase_started:
      return write(fmt::format("{} {}", base::iso_datetime(clock_.seconds()), event.phase));
    case Event::Kind::output: return write("  | " + event.text);
    case Event::Kind::note: return write("  " + event.text);
    case Event::Kind::warning: return write("warning: " + event.text);
    case Event::Kind::phase_done:
    case Event::Kind::progress: return;
  }
}

// Escaped, because whoever looks at the file does so in a terminal.
void EventLog::write(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  const std::string line = base::printable_lines(text) + "\n";
  if (omitted_ == 0 && line.size() <= left_) {
    left_ -= line.size();
    return add(line);
  }
  ++omitted_;
  last_.take(text);
}

void EventLog::end(std::string_view outcome) {
  if (omitted_ > 0) {
    add(fmt::format("{} lines more were printed than this log has room for; the last of them:{}\n", omitted_,
                    last_.text()));
  }
  add(fmt::format("{} {}\n", base::iso_datetime(clock_.seconds()), base::printable_lines(outcome)));
  file_.close(name_);
}

void EventLog::add(std::string_view line) { base::write_all(file_, line, name_); }

}  // namespace bakehouse::phase
