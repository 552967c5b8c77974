// Secret keys in minisign's file format, held in memory that is locked and wiped.
#pragma once

#include "crypto/minisign.hh"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace bakehouse::crypto {

// Text that is wiped when it goes.
class Secret {
 public:
  explicit Secret(std::string text) : text_(std::move(text)) {}
  Secret(Secret&&) = default;
  ~Secret();
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// Asked only when the key turns out to be encrypted.
using AskPassphrase = std::function<Secret()>;

class SecretKey {
 public:
  static SecretKey generate();
  // Refuses a file that others than its owner can read, with the command that mends it.
  static SecretKey read(const std::filesystem::path& path, const AskPassphrase& ask);
  SecretKey(SecretKey&&) noexcept;
  SecretKey& operator=(SecretKey&&) noexcept;
  ~SecretKey();

  PublicKey public_key() const;
  // As a file, not encrypted.
  Secret format() const;
  // Encrypted by scrypt with minisign's own limits.
  Secret format_encrypted(const Secret& passphrase) const;

  // sign.cc: only the build side links these.
  Signature sign(const std::array<uint8_t, 64>& hash, std::string_view trusted_comment) const;

 private:
  struct Material;
  explicit SecretKey(std::unique_ptr<Material> material);
  std::unique_ptr<Material> material_;
};

}  // namespace bakehouse::crypto
