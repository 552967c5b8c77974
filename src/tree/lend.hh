// Files of a new tree that another one holds already.
#pragma once

#include "tree/make.hh"

#include <vector>

namespace bakehouse::tree {

// Links into `to`, whose directories stand, each file that `lender` holds at the same path and lends;
// tells for each entry of `manifest` whether it is there now. The content of what is linked is proved:
// by the index, or by reading.
std::vector<bool> link_lent_files(const Manifest& manifest, const base::Dir& to, const Lender& lender,
                                  StatIndex* index, unsigned workers = 0);

}  // namespace bakehouse::tree
