// The strategy `overlap`: the old processes go on until the new ones are well. Private to this folder.
#pragma once

#include "node/transaction.hh"

namespace bakehouse::node {

// Decides, before `stop` begins, and says why not where a release wants to and cannot.
bool decide_overlap(Transaction& transaction);
// What was decided, as the journal has it: for what follows, for undo and for recovery.
bool overlaps(const Transaction& transaction);
// After the commit: the new processes serve, the old ones end. Also when it had begun already.
void hand_over(Transaction& transaction);
// The new ones end, now or, where their supervisor is killed over it, in `give_up_overlap`.
void drop_trial(Transaction& transaction);
// The new ones end; the old ones have never been stopped, and one that ended meanwhile comes back.
void give_up_overlap(Transaction& transaction);

}  // namespace bakehouse::node
