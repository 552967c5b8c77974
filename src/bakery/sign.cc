#include "bakery/sign.hh"

#include "crypto/signature_files.hh"

namespace bakehouse::bakery {

namespace fs = std::filesystem;

std::vector<crypto::SecretKey> read_keys(const std::vector<fs::path>& files,
                                         const crypto::AskPassphrase& ask) {
  std::vector<crypto::SecretKey> keys;
  keys.reserve(files.size());
  for (const fs::path& file : files) keys.push_back(crypto::SecretKey::read(file, ask));
  return keys;
}

SignedBeside sign_beside(const fs::path& archive, const artifact::Claim& claim,
                         const crypto::SecretKey& key) {
  const auto hash = crypto::message_hash(claim.release_json);
  if (crypto::verifies(key.public_key(), hash, claim.embedded)) return {};
  // The comment of the embedded signature is the canonical one, whoever made it.
  const crypto::Signature signature = key.sign(hash, claim.embedded.trusted_comment);
  const auto directory = crypto::signatures_of(archive);
  const auto added = crypto::add_signature(directory, signature, artifact::untrusted_comment);
  return {directory / crypto::signature_file_name(signature.key), added == crypto::Added::now};
}

void sign_beside(const fs::path& archive, const std::vector<crypto::SecretKey>& keys) {
  if (keys.empty()) return;
  const artifact::Claim claim = artifact::read_claim(archive);
  for (const crypto::SecretKey& key : keys) sign_beside(archive, claim, key);
}

}  // namespace bakehouse::bakery
