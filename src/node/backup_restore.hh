// Putting a backup back under the release in service.
#pragma once

#include "node/apply.hh"
#include "node/backups.hh"
#include "node/node.hh"

#include <filesystem>

namespace bakehouse::node {

struct Restored {
  Result result;                   // the deployment is the id of the transaction
  std::filesystem::path replaced;  // where what data/ was is kept
};
// A transaction with a journal, like any other: whatever fails is undone. Refused while another one is open.
// `settle` is asked under the lock, when nothing else is refused any more; it may throw.
Restored restore_backup(const Node& node, const Backup& backup, const std::function<void()>& settle);

}  // namespace bakehouse::node
