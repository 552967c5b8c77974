// What a deployment may change for good, kept aside first: the data directory; and how it comes back.
#pragma once

#include "base/dir.hh"
#include "node/backup_record.hh"
#include "node/node.hh"
#include "tree/manifest.hh"

#include <string_view>

namespace bakehouse::node {

// Copies data/ to archives/<id>/data in one pass, with a manifest beside it, written last: without it there
// is no backup. Durable when it returns. Nothing may write to data/.
void backup_data(const Node& node, const Places& places, const BackupRecord& record = {});

// A copy that was never finished is worth nothing and takes room that undo may need.
void discard_unfinished_backup(const Node& node, const Places& places);

// What the copy of data holds, with what its manifest has no words for, once every byte is found to be what
// the manifest says. Error(needs_hands) otherwise, or where there is none.
tree::Manifest require_intact_data(const Node& node, const Places& places);
// The same of dumps, where there are some.
void require_intact_dumps(const Node& node, const Places& places);

// Puts the backup back in place of data/, which goes to archives/<id>/data.failed. The backup is
// checked before anything moves; Error(needs_hands) when there is none. Called again after it was
// interrupted it goes on, and what data/ was is never lost.
void restore_data(const Node& node, const Places& places);

// The same in pieces, for a backup that a transaction of its own puts back; `into` are the places of that.
// A copy of the backup, checked, whole and durable, beside data/.
void prepare_data(const Node& node, const Places& backup, const Places& into);
// It is data/, and data/ is where it was. Done already, nothing happens.
void exchange_data(const Node& node, const Places& into);
// Until then: back, whether it was done or not.
void exchange_data_back(const Node& node, const Places& into);
void discard_prepared_data(const Node& node, const Places& into);
// What data/ was goes to archives/<id>/NAME.
void keep_replaced_data(const Node& node, const Places& into, std::string_view name);

}  // namespace bakehouse::node
