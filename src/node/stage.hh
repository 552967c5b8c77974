// What a transaction makes before anything that serves is touched. Private to this folder.
#pragma once

#include "node/transaction.hh"
#include "phase/transaction.hh"
#include "tree/manifest.hh"
#include "tree/stat_index.hh"

namespace bakehouse::node {

// deploy/<id>/ complete and verified, and the tree to run complete beside run/; both durable.
void stage(Transaction& transaction);
// Removes both; a run that had been in service is kept in archives/<id>/run.failed.
void unstage(const Transaction& transaction, const phase::Undo& undo);

// Of deploy/<id>/, which is complete: opens it to everybody, and makes the tree to run from it. Both durable.
// The index learns of every file, so that the next look at run/ reads none.
void make_run(const Node& node, const Places& places, const tree::Manifest& manifest, tree::StatIndex& index);

}  // namespace bakehouse::node
