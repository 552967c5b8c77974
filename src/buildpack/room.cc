#include "buildpack/room.hh"

#include "base/error.hh"
#include "buildpack/room_enter.hh"

#include <fmt/format.h>

#include <cstring>

#include <unistd.h>

namespace bakehouse::buildpack {
namespace {

using base::Error;
using base::Fault;

std::string_view describe(int failed) {
  switch (failed) {
    case unshare_failed: return "make namespaces";
    case user_map_failed: return "map our user into a user namespace";
    case private_mounts_failed: return "keep mounts to ourselves";
    case new_root_failed: return "mount a new root directory";
    case change_root_failed: return "change to the new root directory";
    case start_failed: return "start its first process";
    case network_failed: return "bring up its loopback network";
    default: return "give up rights";
  }
}

// Error(refused): not here, whatever the plan; Error(input): not this plan.
Error explain(const RoomSteps& steps, int failed, int code) {
  if (failed < first_step) {
    return {Fault::refused, fmt::format("cannot {}: {}", describe(failed), std::strerror(code)), ""};
  }
  const RoomStep& step = steps.steps.at(static_cast<size_t>(failed - first_step));
  return {Fault::input, fmt::format("cannot {} in the build room: {}", describe(step), std::strerror(code)),
          ""};
}

std::string_view advice(Room::Kind kind) {
  if (kind != Room::Kind::user) return "";
  return " (decided by user.max_user_namespaces, kernel.unprivileged_userns_clone or "
         "kernel.apparmor_restrict_unprivileged_userns, see sysctl(8), or by a container)";
}

RoomEntrance entrance_to(const RoomSteps& steps, Room::Kind kind) {
  RoomEntrance entrance{&steps, kind == Room::Kind::user, "", ""};
  entrance.uid_map = fmt::format("{0} {0} 1", ::geteuid());
  entrance.gid_map = fmt::format("{0} {0} 1", ::getegid());
  return entrance;
}

// Makes the room and leaves it again; nothing is executed.
void try_out(const RoomSteps& steps, Room::Kind kind) {
  const RoomEntrance entrance = entrance_to(steps, kind);
  const base::ChildWork work{[&] {
                               const int failed = enter_room(entrance);
                               if (failed == 0) ::_exit(0);
                               return failed;
                             },
                             [&](int failed, int code) { return explain(steps, failed, code); }};
  base::Command command;
  command.argv = {"/"};
  command.child_work = &work;
  const auto status = base::Process::start(command).wait();
  if (!status.ok())
    throw Error(Fault::refused, fmt::format("the first process of a room {}", status.describe()));
}

}  // namespace

Room::Room(const RoomPlan& plan, base::TempDir scratch)
    : scratch_(std::move(scratch)), steps_(plan_steps(plan, scratch_.path())) {}

Room Room::prepare(const RoomPlan& plan) {
  Room room(plan, base::TempDir(plan.scratch));
  for (const Kind kind : {Kind::root, Kind::user}) {
    try {
      try_out(room.steps_, kind);
      room.kind_ = kind;
      break;
    } catch (const Error& error) {
      if (error.fault() != Fault::refused) throw;
      room.reasons_.push_back(fmt::format("{}: {}{}", name_of(kind), error.what(), advice(kind)));
    }
  }
  return room;
}

bool Room::is_possible() {
  const base::TempDir own;
  RoomPlan plan;
  plan.root = own.path() / "root";
  plan.tree = own.path() / "tree";
  plan.scratch = own.path() / "scratch";
  std::filesystem::create_directory(plan.tree);
  std::filesystem::create_directory(plan.scratch);
  return prepare(plan).kind() != Kind::none;
}

base::ExitStatus Room::run(base::Command command, const base::Limits& limits,
                           const std::function<void(std::string_view line)>& on_line) const {
  if (kind_ == Kind::none) return base::run(std::move(command), limits, on_line);
  const RoomEntrance entrance = entrance_to(steps_, kind_);
  const base::ChildWork work{[&] { return enter_room(entrance); },
                             [&](int failed, int code) { return explain(steps_, failed, code); }};
  command.child_work = &work;
  return base::run(std::move(command), limits, on_line);
}

std::string_view name_of(Room::Kind kind) {
  switch (kind) {
    case Room::Kind::root: return "with root's rights";
    case Room::Kind::user: return "in a user namespace";
    case Room::Kind::none: break;
  }
  return "not at all";
}

}  // namespace bakehouse::buildpack
