// The steps of a change of mode. Private to this folder.
#pragma once

#include "node/transaction.hh"

#include <vector>

namespace bakehouse::node {

std::vector<phase::Step> make_edit_steps(Transaction& transaction);

}  // namespace bakehouse::node
