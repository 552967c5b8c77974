// A backup of data/ in the making: passes over data/, each of which looks at what has changed since the one
// before it. What has not changed since the backup before is linked to that one, never to data/.
#pragma once

#include "node/backup_record.hh"
#include "node/node.hh"
#include "tree/refresh.hh"
#include "tree/stat_index.hh"

#include <memory>
#include <optional>
#include <vector>

namespace bakehouse::node {

class DataCopy {
 public:
  // archives/<id>/data is empty then. `node` must outlive it.
  DataCopy(const Node& node, Places places);

  // Durable when it returns.
  void pass(tree::Busy busy);
  // After the last pass and the dump: their digests, the record, and the manifest last. Durable when it
  // returns.
  void complete(BackupRecord record);

  const std::vector<base::TreePath>& torn() const { return torn_; }
  const tree::Made& made() const { return made_; }

 private:
  struct Earlier {
    base::Dir dir;
    tree::Manifest manifest;
  };
  std::optional<Earlier> open_earlier() const;
  void tell_specials(const std::vector<base::TreePath>& specials) const;

  const Node& node_;
  Places places_;
  tree::StatIndex index_;
  std::optional<Earlier> earlier_;
  tree::Manifest held_;
  std::vector<base::TreePath> torn_;
  tree::Made made_;
};

// Identities and digests of what data/ and the backups held.
std::filesystem::path index_of_data(const Node& node);

// The newest complete backup but that one, and but what was found damaged; nullopt when there is none.
std::optional<std::string> newest_backup(const Node& node, const std::string& but);

// Digests of what the hook `dump` has written, if it has.
void seal_dumps(const Node& node, const Places& places);

}  // namespace bakehouse::node
