// The secrets of the pillar: values under dotted keys, each sealed by age (docs/formats/sealed.md).
#pragma once

#include "crypto/age_keys.hh"
#include "crypto/secret.hh"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::config {

// Bytes of one value: alone in its file it is read again, which may have 1 MiB as all files of the pillar.
constexpr uint64_t largest_secret = 700'000;

struct SealedValue {
  std::string armored;
  std::string changed;  // when `bake secret` wrote it, "2026-01-31T12:00:00Z"; "": nobody said

  bool operator==(const SealedValue&) const = default;
};
using SealedValues = std::map<std::string, SealedValue>;
using OpenedValues = std::map<std::string, crypto::Secret>;

// Where the secrets of one environment are.
struct SealedPlace {
  std::filesystem::path pillar;
  std::string environment;

  std::filesystem::path values() const { return pillar / "secrets" / (environment + ".yaml"); }
  std::filesystem::path recipients() const { return pillar / "recipients" / (environment + ".txt"); }
};
// Those of which the pillar holds values or recipients, in byte order. Error(input) names a file that would
// be for all of them.
std::vector<std::string> sealed_environments(const std::filesystem::path& pillar);

// Throws Error(input) unless it can be one.
void check_environment(std::string_view environment);

// Throws Error(input) unless is_sealed_key() of config/pillar.hh.
void check_secret_key(std::string_view key);

// No link is followed on the way, since the pillar may be somebody's commit. None where no file is.
SealedValues read_sealed(const SealedPlace& place);
// Whole and durable, or not at all. Error(input) when one key would hide another.
void write_sealed(const SealedPlace& place, const SealedValues& values);

// None where no file is.
std::vector<crypto::AgeRecipient> read_recipients(const SealedPlace& place);
// In place of any of `before`, or, where none of them stands, as a line more.
void put_recipient(const SealedPlace& place, const crypto::AgeRecipient& recipient,
                   const std::vector<crypto::AgeRecipient>& before);

crypto::Secret open_value(const SealedPlace& place, const std::string& key, const SealedValue& value,
                          const std::vector<crypto::AgeIdentity>& identities);
// All of them, or an Error that names the key of one that does not open.
OpenedValues open_sealed(const std::filesystem::path& pillar, const std::string& environment,
                         const std::vector<crypto::AgeIdentity>& identities);

}  // namespace bakehouse::config
