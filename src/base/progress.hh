// How far long work has come, for whoever watches.
#pragma once

#include "base/event.hh"

#include <cstdint>
#include <functional>
#include <string>

namespace bakehouse::base {

using Progress = std::function<void(uint64_t done, uint64_t total)>;

// Tells of every tenth, in megabytes; of what is small nothing, because it is done before anyone
// could read it. Not by two threads at once.
Progress tell_tenths(EventSink events, std::string phase);

}  // namespace bakehouse::base
