// run/ as another name of project/. Private to this folder.
#pragma once

#include "node/editing.hh"

namespace bakehouse::node {

bool can_mount_by_unit();

// Whether run/ is project/ at this moment, by whichever way.
bool shows_source(const Node& node);
// The tree or the link that was run/ lies below a mount, or where archives/<id>/run is.
void show_source(const Node& node, const Editing& editing);
void show_release(const Node& node, const Editing& editing);

// What run/ holds, or held before, and project/ lacks is copied there: what a build has made, and the
// configuration. Whatever project/ has of that name is newer, and stays. Git is told to leave it alone.
// Returns how many.
size_t fill_source(const Node& node);

}  // namespace bakehouse::node
