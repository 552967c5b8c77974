// Transactions that leave the release as it is. Private to this folder.
#pragma once

#include "node/apply.hh"
#include "node/transaction.hh"

#include <string>

namespace bakehouse::node {

// The caller holds the lock. `done` says what has happened when nothing but its bookkeeping fails.
Result carry_out_in_place(const Node& node, const Plan& plan, const std::string& done);

}  // namespace bakehouse::node
