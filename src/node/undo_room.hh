// Room on the disk for what undo writes, held while hooks of the new release run, which may fill it.
#pragma once

#include "node/disk_usage.hh"
#include "node/node.hh"

namespace bakehouse::node {

// As much as `data` takes, in archives/<id>/. Error when there is not so much; a file system that
// cannot set room aside has none.
void hold_undo_room(const Node& node, const Places& places, const Usage& data);
// Harmless where none is held.
void free_undo_room(const Node& node, const Places& places);

}  // namespace bakehouse::node
