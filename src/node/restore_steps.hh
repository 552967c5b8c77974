// The steps of the transaction that puts a backup back, under the release in service. Private to this folder.
#pragma once

#include "node/transaction.hh"
#include "phase/transaction.hh"

#include <vector>

namespace bakehouse::node {

std::vector<phase::Step> make_restore_steps(Transaction& transaction);

// Where data/ of before goes, below archives/<id>/ of the transaction.
constexpr std::string_view replaced_data = "data.replaced";

}  // namespace bakehouse::node
