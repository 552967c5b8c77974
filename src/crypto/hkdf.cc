#include "crypto/hkdf.hh"

#include "crypto/hmac.hh"

#include <sodium.h>

#include <string>

namespace bakehouse::crypto {

void wipe_bytes(std::span<uint8_t> bytes) { sodium_memzero(bytes.data(), bytes.size()); }

void derive_key(std::string_view secret, std::string_view salt, std::string_view info, DerivedKey& key) {
  Digest extracted = hmac_sha256(salt, secret);
  // The first block of the expansion, which is all that a key of 32 bytes takes.
  Digest expanded = hmac_sha256(extracted.view(), std::string(info) + '\1');
  key.bytes = expanded.bytes;
  wipe_bytes(extracted.bytes);
  wipe_bytes(expanded.bytes);
}

}  // namespace bakehouse::crypto
