// One service of a supervisor; for supervisor*.cc alone.
#pragma once

#include "base/file_time.hh"
#include "base/process.hh"
#include "base/schedule.hh"
#include "service/child.hh"
#include "service/supervisor.hh"

#include <optional>

namespace bakehouse::service {

// What KILL needs to take effect; a process that survives it hangs in the kernel.
inline constexpr std::chrono::milliseconds kill_limit = std::chrono::seconds(10);

struct Supervisor::Running {
  ServiceSpec spec;
  // Not waited for before its whole group has ended; empty while a start is awaited.
  std::optional<Child> process = {};
  base::ProcessId id = {};  // of the process, for the record
  int restarts = 0;
  bool is_beside = false;  // on trial
  std::string last_end = {};
  std::chrono::milliseconds delay{0};  // before the next restart
  std::chrono::steady_clock::time_point started = {};
  std::chrono::steady_clock::time_point due = {};
  std::optional<base::Schedule> recurs = {};
  base::Seconds next = 0;  // when it recurs, by the clock on the wall
};

}  // namespace bakehouse::service
