// What a transaction makes before anything that serves is touched. Private to this folder.
#pragma once

#include "node/transaction.hh"
#include "phase/transaction.hh"

namespace bakehouse::node {

// deploy/<id>/ complete and verified, and the tree to run complete beside run/; both durable.
void stage(Transaction& transaction);
// Removes both; a run that had been in service is kept in archives/<id>/run.failed.
void unstage(const Transaction& transaction, const phase::Undo& undo);

}  // namespace bakehouse::node
