// How run/ becomes what the new release needs, by the way that was chosen, and how it becomes again what it
// was. Private to this folder.
#pragma once

#include "node/transaction.hh"
#include "tree/switch.hh"

namespace bakehouse::node {

// The first way of the layout that works here; says why not those before it. Tries them, on names of its
// own: only under the switch lock. Error(refused) when none does.
tree::Way choose_switch(const Node& node);

void switch_to_next(const Transaction& transaction);
// However far the switch had come. Which tree is in service is read from the tree itself, never inferred.
void switch_back(const Transaction& transaction);
// After the commit: what was in service goes where it is kept, and what only the way back needed goes.
void retire_old_run(const Transaction& transaction);

}  // namespace bakehouse::node
