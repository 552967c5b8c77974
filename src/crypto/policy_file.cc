#include "crypto/policy_file.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "crypto/ownership.hh"
#include "text/decode.hh"
#include "text/yaml.hh"

#include <limits>

namespace bakehouse::crypto {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using base::printable;

constexpr uint64_t policy_limit = 1 << 20;
constexpr int highest_threshold = 1000;

// `map` is what `reader` reads. Nothing after "keys:" is refused, for it could be meant as no keys
// or as any.
std::optional<std::set<KeyId>> decode_key_ids(const text::Value& map, text::MapReader& reader,
                                              const char* key, text::Diagnostics& faults) {
  reader.take(key);
  const text::Value* const list = map.find(key);
  if (list == nullptr) return std::nullopt;
  if (!list->is_list()) {
    faults.add(list->origin(), fmt::format("'{}' must be a list of key ids", key));
  }
  std::set<KeyId> ids;
  for (const text::Value& item : list->items()) {
    const auto id = text::as_text(item, "a key id", faults);
    if (!id) continue;
    try {
      ids.insert(KeyId::parse(*id));
    } catch (const Error& error) {
      faults.add(item.origin(), error.what(), error.hint());
    }
  }
  return ids;
}

std::optional<int> decode_threshold(text::MapReader& reader) {
  const auto threshold = reader.integer("threshold", 1, highest_threshold);
  if (!threshold) return std::nullopt;
  return static_cast<int>(*threshold);
}

ProjectRule decode_project(const text::Value& value, const std::string& name, text::Diagnostics& faults) {
  text::MapReader reader(value, fmt::format("project '{}'", printable(name)), faults);
  ProjectRule rule;
  rule.keys = decode_key_ids(value, reader, "keys", faults);
  rule.threshold = decode_threshold(reader);
  const auto lowest = reader.integer("lowest-sequence", 0, std::numeric_limits<int64_t>::max());
  rule.lowest_sequence = static_cast<uint64_t>(lowest.value_or(0));
  reader.finish();
  return rule;
}

PolicyFile decode_policy(const std::string& document, const std::string& name) {
  const text::Value value = text::parse_yaml(document, name);
  PolicyFile policy;
  if (value.is_null()) return policy;
  text::Diagnostics faults;
  text::MapReader reader(value, "the trust policy", faults);
  policy.threshold = decode_threshold(reader).value_or(1);
  policy.revoked = decode_key_ids(value, reader, "revoked", faults).value_or(std::set<KeyId>{});
  if (const text::Value* const projects = reader.take("projects")) {
    if (!projects->is_map()) faults.add(projects->origin(), "'projects' must be a map");
    for (const auto& [project, rule] : projects->members()) {
      policy.projects.emplace(project, decode_project(rule, project, faults));
    }
  }
  reader.finish();
  faults.throw_if_any();
  return policy;
}

// Rules that are silently not applied would be worse than none.
void refuse_misnamed(const fs::path& directory) {
  const fs::path misnamed = directory / "policy.yml";
  if (!base::read_file_if_any(misnamed, policy_limit)) return;
  throw Error(Fault::input,
              fmt::format("'{}' is not read: the policy is policy.yaml", printable(misnamed.native())),
              "rename it to policy.yaml");
}

}  // namespace

PolicyFile read_policy(const fs::path& directory) {
  refuse_misnamed(directory);
  const fs::path path = directory / "policy.yaml";
  const auto document = base::read_file_if_any(path, policy_limit);
  if (!document) return {};
  check_only_owner_writes(path);
  return decode_policy(*document, path.native());
}

}  // namespace bakehouse::crypto
