// Removing a tree of any depth and any modes, without following a link. Private to this folder.
#pragma once

#include "base/fd.hh"

#include <string>
#include <string_view>

namespace bakehouse::base {

// What `name` is in `holder`; nothing there is no error. `shown` stands in messages for it.
void remove_tree_in(Fd holder, const std::string& name, std::string_view shown);

}  // namespace bakehouse::base
