// The tree that ran before, which stays in archives/ when another takes its place. Private to this folder.
#pragma once

#include "node/transaction.hh"

#include <optional>

namespace bakehouse::node {

// Where a rollback finds what its target ran: there, and still what it was configured to be. Nothing is read
// of files that the index knows.
std::optional<base::TreePath> find_kept_run(Transaction& transaction);

}  // namespace bakehouse::node
