// What a node accepts: keys, how many of them must sign, which are revoked, how old is too old.
#pragma once

#include "crypto/minisign.hh"
#include "crypto/signature_files.hh"

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::crypto {

struct TrustedKey {
  std::string name;  // of its file, without ".pub"
  PublicKey key;
};

// What holds for one project.
struct TrustPolicy {
  std::vector<TrustedKey> keys;
  int threshold = 1;
  std::set<KeyId> revoked;
  uint64_t lowest_sequence = 0;
  std::string where;  // the directory it was read from: for hints
};

// `<directory>/*.pub` and `<directory>/policy.yaml`. An absent directory is a policy without keys.
// policy.yaml, all optional:
//   threshold: 1
//   revoked: [KEYID, ...]
//   projects: {shop: {keys: [KEYID, ...], threshold: 2, lowest-sequence: 12}}
// A project named there is released by those keys only; a project that is not, by all keys that
// no project names.
TrustPolicy load_trust(const std::filesystem::path& directory, std::string_view project);

// Adds a key file, or says why not; returns the key. The same key twice is no error.
PublicKey add_key(const std::filesystem::path& directory, const std::filesystem::path& key_file);
// By key id or name. Error(input) when there is none.
void remove_key(const std::filesystem::path& directory, std::string_view id_or_name);

struct Tally {
  // One a key of the policy. Their trusted comments are authentic; what they must say is for the
  // caller to check.
  std::vector<Signature> counted;
  // Why others do not count: unknown key (with its id), revoked, does not verify.
  std::vector<std::string> reasons;
  bool has_unknown = false;  // a key that could be added
};
Tally count_signatures(const TrustPolicy& policy, std::string_view message,
                       const std::vector<Signature>& signatures);
// Adds why those do not count that only have a name, since they are no keys of the policy.
void explain_others(const TrustPolicy& policy, const SignatureNames& names, Tally& tally);
bool has_enough(const TrustPolicy& policy, const Tally& tally);
// Throws Error(trust), with all reasons, unless at least `threshold` keys have counted.
void require_enough(const TrustPolicy& policy, const Tally& tally);
// Counts and requires; returns those that counted.
std::vector<Signature> require_signatures(const TrustPolicy& policy, std::string_view message,
                                          const std::vector<Signature>& signatures);

}  // namespace bakehouse::crypto
