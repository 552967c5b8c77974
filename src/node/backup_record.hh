// What is known of a backup without reading it: archives/<id>/backup.json.
#pragma once

#include "node/node.hh"
#include "text/value.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::node {

// Of a backup that somebody asked for; others are of the kind of their transaction.
constexpr std::string_view by_hand_kind = "by-hand";

struct BackupRecord {
  std::string kind;  // "apply", "rollback", "by-hand"
  base::Seconds time = 0;
  std::string deployment;  // in service then; "" for none
  std::string version;     // its
  bool in_use = false;     // the processes ran while it was taken
  uint64_t files = 0;
  uint64_t bytes = 0;
  std::string manifest;  // SHA-256 of data.manifest; "" while there is none
};
text::Value encode(const BackupRecord& record);

// nullopt for what earlier versions left, which kept none.
std::optional<BackupRecord> read_backup_record(const Node& node, const Places& places);
// Durable when it returns.
void write_backup_record(const Node& node, const Places& places, const BackupRecord& record);

// Where the parts of a backup are.
base::TreePath copy_of_data(const Places& places);
base::TreePath manifest_of_data(const Places& places);  // written last: what has one is complete
base::TreePath dumps_of(const Places& places);
base::TreePath manifest_of_dumps(const Places& places);
base::TreePath proof_of(const Places& places);  // only while it is checked by restoring
base::TreePath record_of(const Places& places);
// All of them, in the order in which they go: what is half removed is not taken for complete, and is known
// for what it was to the last.
std::vector<base::TreePath> parts_of_backup(const Places& places);

}  // namespace bakehouse::node
