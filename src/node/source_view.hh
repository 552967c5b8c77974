// run/ as another name of project/. Private to this folder.
#pragma once

#include "node/editing.hh"

#include <optional>

namespace bakehouse::node {

bool can_mount_by_unit();

// The tree or the link that was run/ lies below a mount, or where archives/<id>/run is. Each may be repeated.
void show_source(const Node& node, const Editing& editing);
// Error(needs_hands) where neither is what show_source has left.
void show_release(const Node& node, const Editing& editing);

// What run/ is, or was before somebody began to edit; nullopt when nothing was in service.
std::optional<base::TreePath> tree_that_ran(const Node& node);

}  // namespace bakehouse::node
