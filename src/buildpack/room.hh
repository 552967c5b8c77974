// The build room: what the programs of one build see of this machine. The tree being built stands at the path
// it will have in production, the host is read-only, and no process outlives the command that started it.
#pragma once

#include "base/files.hh"
#include "base/process.hh"
#include "buildpack/room_steps.hh"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::buildpack {

// A directory or file of this machine, and the absolute path it has in the room.
struct Bind {
  std::filesystem::path source;
  std::filesystem::path at;
};

// In the room
//   <root>             holds `run` and what is bound there, nothing else; it need not exist on this machine
//   <root>/<run>       is the tree
//   `app_path`         is the tree as well
//   /tmp, /var/tmp     are one empty directory, kept until the Room goes
//   /dev, /dev/shm     hold the usual devices and nothing else; no terminal, so that nobody waits for an
//   answer /proc              shows the processes of one command
// and the rest is the host, read-only. What was at or below one of these paths is seen only where it is
// bound again: buildpacks, HOME and the platform directory usually are.
struct RoomPlan {
  std::filesystem::path root;
  std::filesystem::path run = "run";  // within root, as its layout says: `current`, `usr/lib/app`
  std::filesystem::path tree;
  // Where a bind's `at` lies below another's, the inner one appears in the outer one. A directory for it that
  // the tree or another writable bind lacks is made there, and stays.
  std::vector<Bind> readable;
  std::vector<Bind> writable;
  std::optional<std::filesystem::path> app_path;
  // Another directory of the host of which nothing is seen but what is bound in it.
  std::optional<std::filesystem::path> hidden;
  bool offline = false;
  // An existing directory of this build's own, for what the room needs on the disk, such as its /tmp.
  std::filesystem::path scratch;
};

class Room {
 public:
  enum class Kind {
    root,  // made with root's rights; the build is root with few of them
    user,  // in a user namespace; the build is who we are
    none,  // neither is possible here: commands run as base::run runs them, and see the machine as it is
  };

  // Tries the room once. Error(input) when the plan cannot be met: a source that is not there, two binds at
  // one path. That this machine makes no rooms is Kind::none and no error.
  static Room prepare(const RoomPlan& plan);

  // Whether this machine makes rooms, found out by making one.
  static bool is_possible();

  Kind kind() const { return kind_; }
  // Why no better kind is possible here, a sentence for each; empty for Kind::root.
  const std::vector<std::string>& reasons() const { return reasons_; }

  // As base::run, in a room made for this command alone; `directory` and the program are paths in the room, a
  // program without '/' is looked up on the host. When it returns, every process of the command has ended,
  // daemons as well, whether the command ended by itself, ran out of time or was cancelled. For several
  // threads at once.
  base::ExitStatus run(base::Command command, const base::Limits& limits,
                       const std::function<void(std::string_view line)>& on_line) const;

 private:
  Room(const RoomPlan& plan, base::TempDir scratch);

  Kind kind_ = Kind::none;
  std::vector<std::string> reasons_;
  base::TempDir scratch_;
  RoomSteps steps_;
};

std::string_view name_of(Room::Kind kind);

}  // namespace bakehouse::buildpack
