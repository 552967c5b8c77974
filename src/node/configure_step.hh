// All that the tree to run gets besides the release, while the old one still serves. Private to this folder.
#pragma once

#include "node/transaction.hh"

namespace bakehouse::node {

phase::Step make_configure_step(Transaction& transaction);

}  // namespace bakehouse::node
