// What follows from the journal's last word: everything here is derived from it, and writing it
// again changes nothing, so that recovery may do so.
#pragma once

#include "node/apply.hh"
#include "node/transaction.hh"

#include <string>

namespace bakehouse::node {

// After `commit`: the old run to where it is kept, deploy/current, history, `closed`. The new release counts
// whatever fails of that: Error(needs_hands), announced, that says so by `done`.
Result conclude(Transaction& transaction, const std::string& done);
// After the undo: history, `closed` unless a person must look first.
Result finish_reverted(Transaction& transaction, const phase::Reversal& reversal);

// deploy/current leads to that deployment.
void point_current(const Node& node, const std::string& deployment);

}  // namespace bakehouse::node
