// What a deployment may change for good, kept aside first: the data directory.
#pragma once

#include "base/dir.hh"
#include "base/event.hh"
#include "config/layout.hh"
#include "node/node.hh"

namespace bakehouse::node {

// Copies data/ to archives/<id>/data with a manifest beside it, written last: without it there is
// no backup. Durable when it returns.
void backup_data(const Node& node, const Places& places);

// A copy that was never finished is worth nothing and takes room that undo may need.
void discard_unfinished_backup(const Node& node, const Places& places);

// Puts the backup back in place of data/, which goes to archives/<id>/data.failed. The backup is
// checked before anything moves; Error(needs_hands) when there is none. Called again after it was
// interrupted it goes on, and what data/ was is never lost.
void restore_data(const Node& node, const Places& places);

}  // namespace bakehouse::node
