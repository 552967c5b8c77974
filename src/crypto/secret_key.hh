// Secret keys in minisign's file format, held in memory that is locked and wiped.
#pragma once

#include "crypto/minisign.hh"
#include "crypto/secret.hh"

#include <filesystem>
#include <functional>
#include <memory>

namespace bakehouse::crypto {

// Asked only when the key in that file turns out to be encrypted.
using AskPassphrase = std::function<Secret(const std::filesystem::path& key_file)>;

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
