// CRC-32C (Castagnoli): notices torn and damaged records. It proves nothing against an attacker.
#pragma once

#include <cstdint>
#include <string_view>

namespace bakehouse::base {

uint32_t crc32c(std::string_view bytes);

}  // namespace bakehouse::base
