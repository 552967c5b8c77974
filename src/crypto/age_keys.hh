// The keys of age (https://age-encryption.org/v1): a recipient is whom something is sealed to, an identity
// is what opens it. X25519 only.
#pragma once

#include "crypto/secret.hh"

#include <array>
#include <compare>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::crypto {

// "age1...": public.
struct AgeRecipient {
  std::array<uint8_t, 32> key{};

  std::string text() const;
  // Throws Error(input), which repeats no identity; `where` stands in the message.
  static AgeRecipient parse(std::string_view text, std::string_view where);

  friend auto operator<=>(const AgeRecipient&,
                          const AgeRecipient&) = default;  // NOLINT(modernize-use-nullptr)
};

// "AGE-SECRET-KEY-1...", in memory that is locked and wiped.
class AgeIdentity {
 public:
  static AgeIdentity generate();
  // Throws Error(input), which never repeats the text.
  static AgeIdentity parse(std::string_view text, std::string_view where);
  AgeIdentity(AgeIdentity&&) noexcept;
  AgeIdentity& operator=(AgeIdentity&&) noexcept;
  ~AgeIdentity();

  const AgeRecipient& recipient() const { return recipient_; }
  Secret text() const;
  // What both sides of a key exchange share; false where `theirs` is no proper share of one.
  bool shared_with(const std::array<uint8_t, 32>& theirs, std::array<uint8_t, 32>& shared) const;

 private:
  struct Material;
  explicit AgeIdentity(std::unique_ptr<Material> material);
  std::unique_ptr<Material> material_;
  AgeRecipient recipient_;
};

constexpr size_t largest_key_file = size_t{1} << 16;  // of identities

// The files that `age -R` and `age -i` take: one a line, empty lines, and comments behind '#'.
// Throw Error(input) for any other line, and for a file with none.
std::vector<AgeRecipient> parse_age_recipients(std::string_view file, std::string_view name);
std::vector<AgeIdentity> parse_age_identities(const Secret& file, std::string_view name);
// Refuses a file that others than its owner can read, with the command that mends it.
std::vector<AgeIdentity> read_age_identities(const std::filesystem::path& path);
// One identity as such a file, with its recipient and a comment before it.
Secret format_age_identity(const AgeIdentity& identity, std::string_view comment);

}  // namespace bakehouse::crypto
