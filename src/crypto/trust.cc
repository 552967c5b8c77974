#include "crypto/trust.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "crypto/ownership.hh"
#include "crypto/policy_file.hh"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

namespace bakehouse::crypto {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using base::printable;

constexpr std::string_view key_suffix = ".pub";
constexpr uint64_t key_limit = 4096;

std::optional<base::Dir> open_if_any(const fs::path& directory) {
  try {
    return base::Dir::open(directory);
  } catch (const Error& error) {
    if (error.os_error() == ENOENT) return std::nullopt;
    throw;
  }
}

// In byte order; hidden files are what editors leave behind.
std::vector<std::string> key_file_names(const base::Dir& directory) {
  std::vector<std::string> names = directory.names();
  std::erase_if(names,
                [](const std::string& name) { return name.starts_with('.') || !name.ends_with(key_suffix); });
  return names;
}

std::string key_name(std::string_view file_name) {
  if (file_name.ends_with(key_suffix)) file_name.remove_suffix(key_suffix.size());
  return std::string(file_name);
}

TrustedKey read_key(const fs::path& path) {
  return {.name = key_name(path.filename().native()),
          .key = parse_public_key(base::read_file(path, key_limit), path.native())};
}

bool are_confusable(const PublicKey& one, const PublicKey& other) {
  return (one.id == other.id) != (one.key == other.key);
}

// One id for two keys would make it a matter of chance which one verifies; one key under two ids
// would count twice and outlive its revocation.
void refuse_confusable(const std::vector<TrustedKey>& keys, const TrustedKey& added,
                       const fs::path& directory) {
  for (const TrustedKey& known : keys) {
    if (!are_confusable(known.key, added.key)) continue;
    const bool same_id = known.key.id == added.key.id;
    throw Error(Fault::trust,
                fmt::format("the keys '{}' and '{}' in '{}' {}", printable(known.name), printable(added.name),
                            printable(directory.native()),
                            same_id ? "have the same id but are different keys"
                                    : "are the same key under different ids"),
                "find out which of them is genuine and remove the other");
  }
}

std::vector<TrustedKey> read_keys(const base::Dir& directory) {
  check_only_owner_writes(directory.path());
  std::vector<TrustedKey> keys;
  for (const std::string& name : key_file_names(directory)) {
    const fs::path path = directory.path() / name;
    check_only_owner_writes(path);
    TrustedKey key = read_key(path);
    refuse_confusable(keys, key, directory.path());
    keys.push_back(std::move(key));
  }
  return keys;
}

// The keys that may release `project`.
std::vector<TrustedKey> select_keys(std::vector<TrustedKey> keys, const PolicyFile& policy,
                                    const ProjectRule* rule) {
  if (rule != nullptr && rule->keys) {
    std::erase_if(keys, [&](const TrustedKey& key) { return !rule->keys->contains(key.key.id); });
    return keys;
  }
  for (const auto& project : policy.projects) {
    const auto& named = project.second.keys;
    if (!named) continue;
    std::erase_if(keys, [&](const TrustedKey& key) { return named->contains(key.key.id); });
  }
  return keys;
}

// By name without a look inside, so that a damaged file can be removed as well.
std::vector<std::string> files_of_key(const base::Dir& directory, std::string_view id_or_name) {
  std::vector<std::string> names = key_file_names(directory);
  const std::string file_name = std::string(id_or_name) + std::string(key_suffix);
  if (std::find(names.begin(), names.end(), file_name) != names.end()) return {file_name};
  std::erase_if(names, [&](const std::string& name) {
    return read_key(directory.path() / name).key.id.text() != id_or_name;
  });
  return names;
}

void refuse_hidden(const TrustedKey& key, const fs::path& key_file) {
  if (!key.name.empty() && !key.name.starts_with('.')) return;
  throw Error(Fault::input,
              fmt::format("'{}' cannot be added under a hidden name", printable(key_file.native())),
              "give the key file another name");
}

}  // namespace

TrustPolicy load_trust(const fs::path& directory, std::string_view project) {
  TrustPolicy trust;
  trust.where = directory.native();
  const auto opened = open_if_any(directory);
  if (!opened) return trust;
  std::vector<TrustedKey> keys = read_keys(*opened);
  PolicyFile policy = read_policy(directory);
  const auto found = policy.projects.find(project);
  const ProjectRule* const rule = found == policy.projects.end() ? nullptr : &found->second;
  trust.keys = select_keys(std::move(keys), policy, rule);
  trust.threshold = rule != nullptr ? rule->threshold.value_or(policy.threshold) : policy.threshold;
  trust.lowest_sequence = rule != nullptr ? rule->lowest_sequence : 0;
  trust.revoked = std::move(policy.revoked);
  return trust;
}

PublicKey add_key(const fs::path& directory, const fs::path& key_file) {
  const TrustedKey added = read_key(key_file);
  refuse_hidden(added, key_file);
  const base::Dir opened = base::Dir::open_or_make(directory, 0755);
  const std::vector<TrustedKey> keys = read_keys(opened);
  refuse_confusable(keys, added, directory);
  for (const TrustedKey& known : keys) {
    if (known.key == added.key) return added.key;
    if (known.name == added.name) {
      throw Error(Fault::input,
                  fmt::format("another key is already trusted under the name '{}': {}", printable(known.name),
                              known.key.id.text()),
                  "give the key file another name, or remove the other key first");
    }
  }
  base::AtomicFile file(directory / (added.name + std::string(key_suffix)), 0644);
  file.write(format_public_key(added.key));
  file.commit_new();
  return added.key;
}

void remove_key(const fs::path& directory, std::string_view id_or_name) {
  const auto opened = open_if_any(directory);
  std::vector<std::string> doomed;
  if (opened) doomed = files_of_key(*opened, id_or_name);
  if (doomed.empty()) {
    throw Error(Fault::input,
                fmt::format("no key '{}' in '{}'", printable(id_or_name), printable(directory.native())));
  }
  for (const std::string& name : doomed) opened->remove_file(base::TreePath::parse(name));
  opened->sync();
}

namespace {

enum class Verdict { good, repeated, revoked, unknown, wrong };

bool is_signed_by(const std::vector<Signature>& counted, const KeyId& key) {
  return std::any_of(counted.begin(), counted.end(),
                     [&](const Signature& signature) { return signature.key == key; });
}

Verdict judge(const TrustPolicy& policy, const std::array<uint8_t, 64>& hash, const Signature& signature,
              const std::vector<Signature>& counted) {
  if (policy.revoked.contains(signature.key)) return Verdict::revoked;
  Verdict verdict = Verdict::unknown;
  for (const TrustedKey& trusted : policy.keys) {
    if (trusted.key.id != signature.key) continue;
    if (verifies(trusted.key, hash, signature)) {
      return is_signed_by(counted, signature.key) ? Verdict::repeated : Verdict::good;
    }
    verdict = Verdict::wrong;
  }
  return verdict;
}

std::string explain(Verdict verdict, const KeyId& key) {
  const std::string id = key.text();
  switch (verdict) {
    case Verdict::good: break;
    case Verdict::repeated: return fmt::format("key {} signed more than once, which counts once", id);
    case Verdict::revoked: return fmt::format("key {} is revoked", id);
    case Verdict::unknown: return fmt::format("key {} is not trusted here", id);
    case Verdict::wrong: return fmt::format("the signature of key {} does not verify", id);
  }
  return fmt::format("key {} signed", id);
}

std::string how_to_trust(const TrustPolicy& policy) {
  return fmt::format("if you trust the unknown key, add its file: release trust add FILE.pub (to {})",
                     printable(policy.where));
}

void add_reason(Tally& tally, std::string reason) {
  auto& reasons = tally.reasons;
  if (std::find(reasons.begin(), reasons.end(), reason) == reasons.end())
    reasons.push_back(std::move(reason));
}

bool is_of_policy(const TrustPolicy& policy, const KeyId& id) {
  return std::any_of(policy.keys.begin(), policy.keys.end(),
                     [&](const TrustedKey& trusted) { return trusted.key.id == id; });
}

int needed(const TrustPolicy& policy) { return std::max(policy.threshold, 1); }

}  // namespace

Tally count_signatures(const TrustPolicy& policy, std::string_view message,
                       const std::vector<Signature>& signatures) {
  const auto hash = message_hash(message);
  Tally tally;
  for (const Signature& signature : signatures) {
    const Verdict verdict = judge(policy, hash, signature, tally.counted);
    if (verdict == Verdict::good) {
      tally.counted.push_back(signature);
    } else {
      tally.reasons.push_back(explain(verdict, signature.key));
    }
    tally.has_unknown = tally.has_unknown || verdict == Verdict::unknown;
  }
  return tally;
}

void explain_others(const TrustPolicy& policy, const SignatureNames& names, Tally& tally) {
  constexpr size_t most_shown = 10;
  size_t count = 0;
  for (const KeyId& key : names.keys) {
    if (is_of_policy(policy, key)) continue;
    const bool is_revoked = policy.revoked.contains(key);
    tally.has_unknown = tally.has_unknown || !is_revoked;
    if (++count <= most_shown) {
      add_reason(tally, explain(is_revoked ? Verdict::revoked : Verdict::unknown, key));
    }
  }
  for (const std::string& name : names.others) {
    if (++count > most_shown) continue;
    add_reason(tally,
               fmt::format("'{}' is no file of a signature, which is called KEYID.minisig", printable(name)));
  }
  if (count > most_shown) {
    add_reason(tally,
               fmt::format("and {}{} more files", names.is_all ? "" : "at least ", count - most_shown));
  }
}

bool has_enough(const TrustPolicy& policy, const Tally& tally) {
  return std::cmp_greater_equal(tally.counted.size(), needed(policy));
}

void require_enough(const TrustPolicy& policy, const Tally& tally) {
  if (has_enough(policy, tally)) return;
  std::string why = fmt::format("{}", fmt::join(tally.reasons, "; "));
  if (tally.counted.empty() && tally.reasons.empty()) why = "there is no signature";
  throw Error(Fault::trust,
              fmt::format("{} of {} required signature{} counted{}{}", tally.counted.size(), needed(policy),
                          needed(policy) == 1 ? "" : "s", why.empty() ? "" : ": ", why),
              tally.has_unknown ? how_to_trust(policy) : "");
}

std::vector<Signature> require_signatures(const TrustPolicy& policy, std::string_view message,
                                          const std::vector<Signature>& signatures) {
  Tally tally = count_signatures(policy, message, signatures);
  require_enough(policy, tally);
  return std::move(tally.counted);
}

}  // namespace bakehouse::crypto
