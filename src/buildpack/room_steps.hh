// What is to be mounted for a room: planned here, where memory may be taken and directories be read; done
// in room_enter.hh, where neither is allowed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace bakehouse::buildpack {

struct RoomPlan;

struct RoomStep {
  enum class Do {
    memory,     // an empty file system in memory is mounted at `at`; `source`: its options
    link,       // `at` becomes a link to `source`
    bind,       // `source`, with all that is mounted below it, is seen at `at` too
    move,       // what is mounted at `source` is moved to `at`
    read_only,  // the mount at `at` and all below: no file can be changed, no device used
    remount,    // the mount at `at` gets `flags`, as mount(2) has them
    processes,  // the processes of the room at `at`; the host's where the kernel refuses that
    terminals,  // pseudo-terminals of its own at `at`
  };
  Do what;
  std::string at;      // relative to the new root; what is missing of it is made
  std::string source;  // relative: in the new root as well
  unsigned long flags = 0;
  // Of the host's own files: one that nobody can reach, or that is gone since it was listed, is left out.
  bool may_be_missing = false;
};

struct RoomSteps {
  std::string new_root;  // an empty directory of the host; the room is put together there
  std::vector<RoomStep> steps;
  bool offline = false;
};

// `scratch` is an empty directory, kept as long as rooms are made of these steps. Throws Error(input) when
// the plan cannot be met.
RoomSteps plan_steps(const RoomPlan& plan, const std::filesystem::path& scratch);

// What a step does, for the message that it failed.
std::string describe(const RoomStep& step);

}  // namespace bakehouse::buildpack
