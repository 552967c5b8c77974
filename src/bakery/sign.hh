// Signing a release that is packed already.
#pragma once

#include "artifact/claim.hh"
#include "crypto/secret_key.hh"

#include <filesystem>
#include <vector>

namespace bakehouse::bakery {

std::vector<crypto::SecretKey> read_keys(const std::vector<std::filesystem::path>& files,
                                         const crypto::AskPassphrase& ask);

struct SignedBeside {
  std::filesystem::path file;  // of the signature; empty when it is the embedded one
  bool is_new = false;         // otherwise nothing was changed
};
// Adds the key's signature to `<archive>.sigs/`, unless the key has signed there or inside before.
SignedBeside sign_beside(const std::filesystem::path& archive, const artifact::Claim& claim,
                         const crypto::SecretKey& key);
// The same by several keys.
void sign_beside(const std::filesystem::path& archive, const std::vector<crypto::SecretKey>& keys);

}  // namespace bakehouse::bakery
