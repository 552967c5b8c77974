#include "base/encoding.hh"
#include "base/error.hh"
#include "crypto/minisign_format.hh"
#include "crypto/secret_key.hh"
#include "crypto/secret_material.hh"

#include <sodium.h>

namespace bakehouse::crypto {

Signature SecretKey::sign(const std::array<uint8_t, 64>& hash, std::string_view trusted_comment) const {
  if (!is_trusted_comment(trusted_comment)) {
    throw base::Error(base::Fault::input,
                      fmt::format("cannot sign the trusted comment '{}': it must be printable text "
                                  "in at most {} bytes",
                                  base::printable(trusted_comment.substr(0, 200)),
                                  longest_trusted_line - trusted_prefix.size()));
  }
  Signature signature{.key = material_->id,
                      .signature = {},
                      .trusted_comment = std::string(trusted_comment),
                      .global_signature = {}};
  const uint8_t* const key = material_->key.data();
  crypto_sign_ed25519_detached(signature.signature.data(), nullptr, hash.data(), hash.size(), key);
  const std::string global = globally_signed(signature);
  crypto_sign_ed25519_detached(signature.global_signature.data(), nullptr,
                               reinterpret_cast<const unsigned char*>(global.data()), global.size(), key);
  return signature;
}

}  // namespace bakehouse::crypto
