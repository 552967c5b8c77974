// What a SecretKey holds. Private to this folder: generation and reading (secret_key.cc) and
// signing (sign.cc) share it without linking each other.
#pragma once

#include "crypto/secret_key.hh"

#include <array>
#include <cstddef>
#include <cstdint>

namespace bakehouse::crypto {

// Made with `new`, a type derived from this lives in memory of its own pages: locked, kept out of
// core dumps, between guard pages, and wiped when it goes.
struct Guarded {
  static void* operator new(size_t size);
  static void operator delete(void* memory) noexcept;
};

struct SecretKey::Material : Guarded {
  KeyId id;
  std::array<uint8_t, 64> key{};  // seed, then public key
};

}  // namespace bakehouse::crypto
