// The backups of a node: which there are, taking one by hand, and proving one.
#pragma once

#include "node/backup_record.hh"
#include "node/node.hh"
#include "text/value.hh"
#include "tree/make.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::node {

// How the last check of a backup ended.
struct BackupCheck {
  base::Seconds time = 0;
  bool is_good = false;
  bool was_restored = false;  // into a scratch place, and compared
};

struct Backup {
  enum class State { complete, damaged, forgotten, unfinished };
  std::string id;
  State state = State::complete;
  BackupRecord record;
  uint64_t own_bytes = 0;  // that removing it frees, the dumps included
  std::optional<BackupCheck> checked;
};
std::string_view name_of(Backup::State state);
text::Value encode(const Backup& backup);

// Oldest first; without what would take long to count.
std::vector<Backup> list_backups(const Node& node);
void count_own_bytes(const Node& node, Backup& backup);
// The newest complete one where none is named. Error(input) when there is no such.
Backup find_backup(const Node& node, const std::optional<std::string>& id);

struct Created {
  Backup backup;
  tree::Made made;
  std::vector<base::TreePath> torn;  // written to all the while: copied as they were read
};
// Two passes while the processes run, with the hook `dump` between them. Takes the switch lock.
Created create_backup(const Node& node);

enum class CheckDepth { digests, restore };
// Reads all of it; with `restore` it is restored into a scratch place, too, and compared there. How it ended
// is kept beside it. Error(differs) when it is not what its manifests say. Takes the switch lock.
// nullopt when nobody has looked yet.
std::optional<BackupCheck> read_check(const Node& node, const Places& places);
BackupCheck check_backup(const Node& node, const Backup& backup, CheckDepth depth);

}  // namespace bakehouse::node
