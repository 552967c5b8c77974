// policy.yaml of a trust directory, as it is written (docs/formats/keys.md). Private to this
// folder.
#pragma once

#include "crypto/minisign.hh"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace bakehouse::crypto {

struct ProjectRule {
  std::optional<std::set<KeyId>> keys;
  std::optional<int> threshold;
  uint64_t lowest_sequence = 0;
};

struct PolicyFile {
  int threshold = 1;
  std::set<KeyId> revoked;
  std::map<std::string, ProjectRule, std::less<>> projects;
};

// Nothing written is no rules. Throws Error(input) with all faults of the file, Error(trust) when
// others than its owner may write it.
PolicyFile read_policy(const std::filesystem::path& directory);

}  // namespace bakehouse::crypto
