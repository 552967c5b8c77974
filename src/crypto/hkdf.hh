// HKDF-SHA256 (RFC 5869), of one block. Private to this folder.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace bakehouse::crypto {

// A key on the stack that is wiped when it goes.
template <size_t size>
struct WipedBytes {
  std::array<uint8_t, size> bytes{};

  WipedBytes() = default;
  WipedBytes(const WipedBytes&) = delete;
  WipedBytes& operator=(const WipedBytes&) = delete;
  ~WipedBytes() { wipe(bytes); }
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), size}; }

 private:
  static void wipe(std::span<uint8_t> bytes);
};
using DerivedKey = WipedBytes<32>;

void wipe_bytes(std::span<uint8_t> bytes);
template <size_t size>
void WipedBytes<size>::wipe(std::span<uint8_t> bytes) {
  wipe_bytes(bytes);
}

void derive_key(std::string_view secret, std::string_view salt, std::string_view info, DerivedKey& key);

}  // namespace bakehouse::crypto
