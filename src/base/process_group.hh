// Whether a process group has really ended: its leader may have left children behind.
#pragma once

#include "base/clock.hh"

#include <chrono>
#include <vector>

#include <sys/types.h>

namespace bakehouse::base {

// The processes of these groups that are alive; one that only waits to be waited for is not.
std::vector<pid_t> living_members(const std::vector<pid_t>& groups);

// Returns when no group has a living member, or false when that took longer than `deadline`.
// Leaders are not waited for here, so that their groups' numbers stay theirs.
bool await_end(const std::vector<pid_t>& groups, std::chrono::steady_clock::time_point deadline,
               const Clock& clock);

}  // namespace bakehouse::base
