#include "buildpack/site.hh"

#include "base/dir.hh"
#include "base/error.hh"
#include "buildpack/classic_cache.hh"
#include "launch/launch_file.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Event;
using base::Fault;
using base::TreePath;

// Of the scratch directory programs get three parts; the fourth is the room's own, and nobody inside may
// touch it: it holds what their /tmp is made of.
constexpr const char* platform_part = "platform";
constexpr const char* writable_part = "writable";
constexpr const char* home_part = "writable/home";
constexpr const char* config_vars_part = "config-vars";
constexpr const char* room_part = "room";

TreePath plan_path(const Buildpack& pack, Site::Purpose purpose) {
  return TreePath::parse(writable_part) / (purpose == Site::Purpose::detect ? "detect" : "build") /
         fmt::format("{}@{}.toml", pack.escaped_id(), pack.version);
}

base::Dir make_scratch(const Workshop& workshop) {
  base::Dir scratch = base::Dir::open(workshop.scratch);
  for (const char* path : {"platform/env", home_part, "writable/detect", "writable/build", "writable/classic",
                           config_vars_part, room_part})
    scratch.make_dirs(TreePath::parse(path), 0755);
  for (const auto& [name, value] : workshop.settings.environment) {
    const base::Fd file = scratch.create_file(TreePath::parse("platform/env") / name, 0644);
    base::write_all(file, value, name);
  }
  return scratch;
}

// Where it is kept between builds when there is a place for that.
fs::path prepare_classic_cache(const Workshop& workshop, const Store& store) {
  if (!std::ranges::any_of(store.all(), &Buildpack::is_classic)) return {};
  if (!workshop.cache.empty()) return make_classic_cache(workshop.cache);
  return base::Dir::open_or_make(workshop.scratch / writable_part / "classic-cache").path();
}

RoomPlan plan_of(const Workshop& workshop, const Store& store, const fs::path& classic_cache) {
  const auto own = [&](const char* part) { return workshop.scratch / part; };
  RoomPlan plan;
  plan.root = workshop.root;
  plan.run = workshop.run.lexically_relative(workshop.root);
  plan.tree = workshop.application;
  if (!workshop.keeper.empty() &&
      fs::weakly_canonical(workshop.keeper) != fs::weakly_canonical(workshop.root))
    plan.hidden = workshop.keeper;
  // At their own paths, so that these are the same in the room and without one.
  for (const Buildpack* pack : store.all()) plan.readable.push_back({pack->directory, pack->directory});
  plan.readable.push_back({own(platform_part), own(platform_part)});
  plan.readable.push_back({own(config_vars_part), own(config_vars_part)});
  plan.writable.push_back({own(writable_part), own(writable_part)});
  if (!classic_cache.empty() && !workshop.cache.empty())
    plan.writable.push_back({classic_cache, classic_cache});
  plan.scratch = own(room_part);
  plan.offline = workshop.offline;
  plan.app_path = workshop.settings.app_path;
  return plan;
}

// Builds go on without a room, but not with less than they were promised.
void refuse_without_room(const Workshop& workshop, const Room& room) {
  const auto refuse = [&](const char* what) {
    throw Error(Fault::refused,
                fmt::format("this machine makes no build rooms, so that {}: {}", what,
                            fmt::join(room.reasons(), "; ")),
                "build as root, or where user namespaces are allowed");
  };
  if (workshop.offline) refuse("the network cannot be taken from a build (--offline)");
  if (workshop.settings.app_path) refuse("nothing can be built at another path (build.app-path)");
}

fs::path seen_at(const Workshop& workshop, const Room& room) {
  if (room.kind() == Room::Kind::none) return workshop.application;
  return workshop.settings.app_path.value_or(workshop.run);
}

}  // namespace

Site::Site(Workshop workshop, const Store& store)
    : workshop_(std::move(workshop)),
      scratch_(make_scratch(workshop_)),
      classic_cache_(prepare_classic_cache(workshop_, store)),
      room_(Room::prepare(plan_of(workshop_, store, classic_cache_))) {
  seen_at_ = seen_at(workshop_, room_);
  if (base::Dir::open(workshop_.application).exists(launch::all_layers_directory())) {
    throw Error(Fault::input, "the source has a '.layers', the name under which buildpacks keep theirs",
                "rename it, or remove it from the source");
  }
  if (room_.kind() != Room::Kind::none) return;
  refuse_without_room(workshop_, room_);
  workshop_.events({Event::Kind::warning, "build",
                    fmt::format("the build sees this whole machine: {}", fmt::join(room_.reasons(), "; "))});
}

fs::path Site::layers(const Buildpack& pack) const {
  return seen_at_ / launch::layers_directory(pack.id).str();
}

fs::path Site::platform() const { return workshop_.scratch / platform_part; }

fs::path Site::home() const { return workshop_.scratch / home_part; }

fs::path Site::writable() const { return workshop_.scratch / writable_part; }

fs::path Site::config_vars() const { return workshop_.scratch / config_vars_part; }

fs::path Site::make_plan(const Buildpack& pack, Purpose purpose, std::string_view content) const {
  const TreePath path = plan_path(pack, purpose);
  // Whatever another program may have put there.
  scratch_.remove_tree(path);
  const base::Fd file = scratch_.create_file(path, 0644);
  base::write_all(file, content, path.str());
  return workshop_.scratch / path.str();
}

std::string Site::read_plan(const Buildpack& pack, Purpose purpose) const {
  constexpr uint64_t largest_plan = 1 << 20;
  return scratch_.read_file(plan_path(pack, purpose), largest_plan);
}

base::ExitStatus Site::run(const Call& call,
                           const std::function<void(std::string_view line)>& on_line) const {
  base::Command command;
  command.argv = {(call.pack.directory / call.program).native()};
  command.argv.insert(command.argv.end(), call.arguments.begin(), call.arguments.end());
  command.environment = launch::to_list(call.environment);
  command.directory = call.directory.empty() ? seen_at_ : call.directory;
  base::Limits limits;
  limits.time = workshop_.settings.time_limit;
  limits.cancelled = workshop_.cancelled;
  return room_.run(std::move(command), limits, on_line);
}

}  // namespace bakehouse::buildpack
