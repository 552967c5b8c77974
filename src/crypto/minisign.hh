// The files of minisign: public keys and pre-hashed ("ED") signatures, read, written and verified.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace bakehouse::crypto {

struct KeyId {
  std::array<uint8_t, 8> bytes{};

  // As minisign prints it: sixteen upper-case digits, the last byte first.
  std::string text() const;
  static KeyId parse(std::string_view text);

  // clang-tidy 14 takes the 0 that a defaulted <=> is compared with for a pointer.
  friend auto operator<=>(const KeyId&, const KeyId&) = default;  // NOLINT(modernize-use-nullptr)
};

struct PublicKey {
  KeyId id;
  std::array<uint8_t, 32> key{};

  friend bool operator==(const PublicKey&, const PublicKey&) = default;
};

struct Signature {
  KeyId key;
  std::array<uint8_t, 64> signature{};
  std::string trusted_comment;
  std::array<uint8_t, 64> global_signature{};  // over signature and trusted comment

  friend bool operator==(const Signature&, const Signature&) = default;
};

// BLAKE2b-512 of what is signed.
class MessageHash {
 public:
  MessageHash();
  MessageHash(MessageHash&&) noexcept;
  ~MessageHash();

  void update(std::string_view bytes);
  std::array<uint8_t, 64> finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};
std::array<uint8_t, 64> message_hash(std::string_view message);

// `name` stands in messages. Throw Error(trust): a malformed key or signature is never a detail.
PublicKey parse_public_key(std::string_view file, std::string_view name);
std::string format_public_key(const PublicKey& key);
Signature parse_signature(std::string_view file, std::string_view name);
std::string format_signature(const Signature& signature, std::string_view untrusted_comment);

// Both signatures: over the message, and over the trusted comment.
bool verifies(const PublicKey& key, const std::array<uint8_t, 64>& hash, const Signature& signature);

}  // namespace bakehouse::crypto
