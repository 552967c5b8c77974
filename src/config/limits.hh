// Private to this folder.
#pragma once

#include <cstdint>

namespace bakehouse::config {

constexpr uint64_t largest_configuration = 1 << 20;  // bytes of one file

}  // namespace bakehouse::config
