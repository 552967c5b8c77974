// Supervisors that outlive the command that started them, and what a killed one has left.
#pragma once

#include "service/spec.hh"

#include <filesystem>
#include <vector>

namespace bakehouse::service {

// `program` is the helper `supervise`. Returns when it answers at `state`, where it has adopted what an
// earlier one left; it starts nothing by itself. Throws what it says when it cannot begin.
void start_in_background(const std::filesystem::path& state, const std::filesystem::path& program);

// The life of that helper, called by itself alone: says "ready", or what went wrong, on standard output, and
// from then on speaks to `<state>/logs/supervisor.log`. Returns its exit status.
int live_in_background(const std::filesystem::path& state);

// The services of a supervisor that was killed, as far as they run. None while one lives.
std::vector<ServiceState> orphans(const std::filesystem::path& state);
// Ends them, and forgets them. Nothing happens while a supervisor lives.
void end_orphans(const std::filesystem::path& state);

}  // namespace bakehouse::service
