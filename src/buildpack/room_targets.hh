// What has a place of its own in a room, and where. Private to the room.
#pragma once

#include "buildpack/room.hh"

#include <filesystem>
#include <vector>

namespace bakehouse::buildpack {

struct RoomTarget {
  enum class Kind {
    memory,      // an empty directory
    read_only,   // `source`
    writable,    // `source`
    tree_again,  // `source` is where the tree is in the room
  };
  std::filesystem::path at;
  Kind kind;
  std::filesystem::path source;
};

// In the order in which they are to be mounted; sources exist and are canonical, places are absolute and free
// of the host's links. `temporary` is what /tmp shows. Throws Error(input).
std::vector<RoomTarget> order_targets(const RoomPlan& plan, const std::filesystem::path& temporary);

// Whether `path` is `ancestor` or lies below it.
bool is_within(const std::filesystem::path& path, const std::filesystem::path& ancestor);

}  // namespace bakehouse::buildpack
