// Does the steps of a room. Between fork and exec: system calls only. Private to the room.
#pragma once

#include "buildpack/room_steps.hh"

namespace bakehouse::buildpack {

// In a mount namespace of its own; afterwards the root is the room's, and the host's own is out of reach.
// Returns 0, or a RoomFailure with errno.
int furnish_room(const RoomSteps& steps);

}  // namespace bakehouse::buildpack
