// SHA-256: the digest that may be signed. (The fingerprint that may not is tree's.)
#pragma once

#include "base/fd.hh"

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace bakehouse::crypto {

struct Digest {
  std::array<uint8_t, 32> bytes{};

  std::string hex() const;
  // 64 lower-case hexadecimal digits, or nullopt.
  static std::optional<Digest> parse(std::string_view hex);
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

  friend auto operator<=>(const Digest&, const Digest&) = default;  // NOLINT(modernize-use-nullptr)
};

class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  void update(std::string_view bytes);
  // Once; afterwards the object only waits to be destroyed.
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Digest sha256(std::string_view bytes);
// From the file's current position to its end.
Digest sha256_of(const base::Fd& fd, std::string_view name);

}  // namespace bakehouse::crypto
