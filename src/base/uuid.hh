// Version 7 UUIDs (RFC 9562): they begin with the time, so their names sort by it.
#pragma once

#include <cstdint>
#include <string>

namespace bakehouse::base {

std::string make_uuid7(uint64_t milliseconds_since_epoch);

}  // namespace bakehouse::base
