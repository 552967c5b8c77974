// What a child does between fork and exec to be in a room: system calls only, on data that was prepared
// before.
#pragma once

#include "buildpack/room_steps.hh"

#include <string>

namespace bakehouse::buildpack {

struct RoomEntrance {
  const RoomSteps* steps = nullptr;
  bool user_namespace = false;
  std::string uid_map, gid_map;  // of a user namespace
};

// What failed on the way in. From `first_step` on: of the steps, in their order.
enum RoomFailure : int {
  unshare_failed = 1,
  user_map_failed,
  private_mounts_failed,
  new_root_failed,
  change_root_failed,
  start_failed,
  network_failed,
  rights_failed,
  first_step,
};

// Called in a fresh child of one thread. The child stays outside and waits; a second process, the first one
// of a process namespace, puts the room together and waits for all that is orphaned in it; a third one
// returns, to become the program. When that ends, all in the room are killed, and the child ends as the
// program did. The same when the child is killed. Returns 0, or a RoomFailure with errno.
int enter_room(const RoomEntrance& entrance);

}  // namespace bakehouse::buildpack
