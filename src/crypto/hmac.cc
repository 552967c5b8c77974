#include "crypto/hmac.hh"

#include <sodium.h>

namespace bakehouse::crypto {

Digest hmac_sha256(std::string_view key, std::string_view bytes) {
  static_assert(crypto_auth_hmacsha256_BYTES == sizeof Digest::bytes);
  const auto data = [](std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); };
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, data(key), key.size());
  crypto_auth_hmacsha256_update(&state, data(bytes), bytes.size());
  Digest digest;
  crypto_auth_hmacsha256_final(&state, digest.bytes.data());
  sodium_memzero(&state, sizeof state);
  return digest;
}

}  // namespace bakehouse::crypto
