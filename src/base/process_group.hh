// Whether what a process started has really ended: its leader may have left children behind.
#pragma once

#include "base/clock.hh"

#include <chrono>
#include <string>
#include <vector>

#include <sys/types.h>

namespace bakehouse::base {

// The processes of these groups that are alive; one that only waits to be waited for is not.
std::vector<pid_t> living_members(const std::vector<pid_t>& groups);

// Returns when no group has a living member, or false when that took longer than `deadline`.
// Leaders are not waited for here, so that their groups' numbers stay theirs.
bool await_end(const std::vector<pid_t>& groups, std::chrono::steady_clock::time_point deadline,
               const Clock& clock);

// The living processes whose environment, as they were started with it, holds all of `words`, of which
// "NAME=" stands for any value; but for us and those that we come from. What cleared its environment is not
// found, nor, by an ordinary user, what runs as another.
std::vector<pid_t> processes_with(const std::vector<std::string>& words);

}  // namespace bakehouse::base
