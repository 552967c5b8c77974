#include "node/backup_record.hh"

#include "base/error.hh"
#include "base/files.hh"
#include "text/json.hh"

namespace bakehouse::node {

using base::TreePath;
using text::Value;

TreePath copy_of_data(const Places& places) { return places.backup / "data"; }
TreePath manifest_of_data(const Places& places) { return places.backup / "data.manifest"; }
TreePath dumps_of(const Places& places) { return places.backup / "dumps"; }
TreePath manifest_of_dumps(const Places& places) { return places.backup / "dumps.manifest"; }
TreePath proof_of(const Places& places) { return places.backup / "proof"; }
TreePath record_of(const Places& places) { return places.backup / "backup.json"; }

std::vector<TreePath> parts_of_backup(const Places& places) {
  return {manifest_of_data(places),        copy_of_data(places), proof_of(places),
          places.backup / "data.restored", dumps_of(places),     manifest_of_dumps(places),
          places.backup / "checked.json",  record_of(places),    places.backup / "forgotten.json"};
}

Value encode(const BackupRecord& record) {
  return Value::map({{"kind", record.kind},
                     {"time", record.time},
                     {"deployment", record.deployment},
                     {"version", record.version},
                     {"in_use", record.in_use},
                     {"files", record.files},
                     {"bytes", record.bytes},
                     {"manifest", record.manifest}});
}

std::optional<BackupRecord> read_backup_record(const Node& node, const Places& places) {
  constexpr uint64_t largest = 64 << 10;
  const auto file = node.root.at(record_of(places));
  const auto content = base::read_file_if_any(file, largest);
  if (!content) return std::nullopt;
  const Value value = text::parse_json(*content, file.native());
  BackupRecord record;
  record.kind = value.string_at("kind");
  record.time = value.integer_at("time");
  record.deployment = value.string_at("deployment");
  record.version = value.string_at("version");
  record.in_use = value.boolean_at("in_use");
  record.files = value.unsigned_at("files");
  record.bytes = value.unsigned_at("bytes");
  record.manifest = value.string_at("manifest");
  return record;
}

void write_backup_record(const Node& node, const Places& places, const BackupRecord& record) {
  base::write_file(node.root.at(record_of(places)), text::to_json(encode(record)) + "\n", 0600);
}

}  // namespace bakehouse::node
