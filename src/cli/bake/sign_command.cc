#include "artifact/claim.hh"
#include "bakery/sign.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "cli/bake/commands.hh"
#include "cli/bake/passphrase.hh"
#include "config/root.hh"
#include "crypto/trust.hh"
#include "node/node.hh"

#include <fmt/format.h>

namespace bakehouse::cli {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using text::Value;

struct Signer {
  crypto::KeyId key;
  bool is_trusted;  // by the root that we are in, and its signature verifies
};

// Who signed before, as the files say. It is told, not required: any number may still be missing.
std::vector<Signer> signers_so_far(const GlobalOptions& global, const fs::path& archive,
                                   const artifact::Claim& claim) {
  const fs::path directory = crypto::signatures_of(archive);
  std::set<crypto::KeyId> keys = crypto::list_signatures(directory).keys;
  keys.insert(claim.embedded.key);
  std::vector<crypto::Signature> signatures = crypto::read_signatures(directory, keys).signatures;
  signatures.push_back(claim.embedded);
  crypto::TrustPolicy policy;
  if (const auto root = find_root(global)) {
    policy = crypto::load_trust(node::trust_directory(config::read_root(*root)), claim.info.name);
  }
  std::set<crypto::KeyId> trusted;
  for (const auto& counted : crypto::count_signatures(policy, claim.release_json, signatures).counted) {
    if (counted.trusted_comment == claim.embedded.trusted_comment) trusted.insert(counted.key);
  }
  std::vector<Signer> signers;
  signers.reserve(keys.size());
  for (const auto& key : keys) signers.push_back({key, trusted.contains(key)});
  return signers;
}

// Before the pass phrase is asked for: whoever does not want to sign this can still leave.
void tell(const artifact::Claim& claim, const std::vector<Signer>& signers, const Screen& screen) {
  screen.say(fmt::format("{} {}, sequence {}", claim.info.name, claim.info.version, claim.info.sequence));
  screen.say(fmt::format("  release.json  {}", crypto::sha256(claim.release_json).hex()));
  screen.say(fmt::format("  manifest      {}", claim.info.manifest.digest.hex()));
  for (const Signer& signer : signers) {
    screen.say(fmt::format("  signed before by {}{}", signer.key.text(),
                           signer.is_trusted ? ", trusted here" : ", which nobody here has verified"));
  }
}

Value encode(const std::vector<Signer>& signers) {
  Value list = Value::list();
  for (const Signer& signer : signers) {
    list.push(Value::map({{"key", signer.key.text()}, {"trusted", signer.is_trusted}}));
  }
  return list;
}

Value sign_by(const crypto::SecretKey& key, const fs::path& archive, const artifact::Claim& claim,
              const Screen& screen) {
  const std::string id = key.public_key().id.text();
  const bakery::SignedBeside made = bakery::sign_beside(archive, claim, key);
  const std::string where = made.file.empty() ? "inside the archive" : made.file.native();
  screen.say(fmt::format("{} by {}: {}", made.is_new ? "signed" : "signed already", id, where));
  return Value::map({{"key", id}, {"file", made.file.native()}, {"new", made.is_new}});
}

}  // namespace

int run_sign(const GlobalOptions& global, const SignCommand& command, const Screen& screen) {
  make_surroundings(screen);
  if (command.keys.empty()) throw Error(Fault::usage, "no key to sign with", "pass --key FILE");
  const artifact::Claim claim = artifact::read_claim(command.archive);
  const auto before = signers_so_far(global, command.archive, claim);
  tell(claim, before, screen);
  Value made = Value::list();
  for (const auto& key : bakery::read_keys(command.keys, ask_passphrase(command.passphrase))) {
    made.push(sign_by(key, command.archive, claim, screen));
  }
  screen.answer(Value::map({{"name", claim.info.name},
                            {"version", claim.info.version},
                            {"sequence", claim.info.sequence},
                            {"sha256", crypto::sha256(claim.release_json).hex()},
                            {"signed_before", encode(before)},
                            {"signatures", made}}));
  return 0;
}

}  // namespace bakehouse::cli
