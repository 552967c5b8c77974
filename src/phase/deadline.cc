#include "phase/deadline.hh"

#include "base/process.hh"

namespace bakehouse::phase {

using text::Value;

Deadline deadline_after(std::chrono::milliseconds time, const base::Clock& clock) {
  Deadline deadline;
  deadline.boot = base::boot_id();
  deadline.since_boot = clock.since_boot() + time;
  deadline.set = clock.seconds();
  deadline.wall = deadline.set + std::chrono::duration_cast<std::chrono::seconds>(time).count();
  return deadline;
}

bool is_past(const Deadline& deadline, const base::Clock& clock) {
  if (deadline.boot == base::boot_id()) return clock.since_boot() >= deadline.since_boot;
  const base::Seconds now = clock.seconds();
  return now >= deadline.wall || now < deadline.set;
}

Value encode(const Deadline& deadline) {
  return Value::map({{"boot", deadline.boot},
                     {"since_boot", deadline.since_boot.count()},
                     {"set", deadline.set},
                     {"wall", deadline.wall}});
}

Deadline decode_deadline(const Value& value) {
  Deadline deadline;
  deadline.boot = value.string_at("boot");
  deadline.since_boot = std::chrono::milliseconds(value.integer_at("since_boot"));
  deadline.set = value.integer_at("set");
  deadline.wall = value.integer_at("wall");
  return deadline;
}

}  // namespace bakehouse::phase
