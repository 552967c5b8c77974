// Bech32 (BIP 173) without its limit of 90 characters: how age writes keys. Private to this folder.
#pragma once

#include "crypto/secret.hh"

#include <cstdint>
#include <span>
#include <string_view>

namespace bakehouse::crypto {

// In lower case. What is encoded may be secret, so it is never copied elsewhere.
Secret encode_bech32(std::string_view prefix, std::span<const uint8_t> bytes);

// Whether `text` is the one spelling of exactly `bytes.size()` bytes under `prefix` (given in lower case):
// all of it in lower case, or all of it in upper case.
bool decode_bech32(std::string_view text, std::string_view prefix, std::span<uint8_t> bytes);

}  // namespace bakehouse::crypto
