#include "buildpack/site.hh"

#include "base/dir.hh"
#include "launch/launch_file.hh"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;
using base::Event;

RoomPlan plan_of(const Workshop& workshop, const Store& store) {
  RoomPlan plan;
  plan.root = workshop.run.parent_path();
  plan.tree = workshop.application;
  // At their own paths, so that these are the same in the room and without one.
  for (const Buildpack* pack : store.all()) plan.readable.push_back({pack->directory, pack->directory});
  plan.writable.push_back({workshop.scratch, workshop.scratch});
  plan.scratch = workshop.scratch;
  return plan;
}

}  // namespace

Site::Site(Workshop workshop, const Store& store)
    : workshop_(std::move(workshop)), room_(Room::prepare(plan_of(workshop_, store))) {
  seen_at_ = room_.kind() == Room::Kind::none ? workshop_.application : workshop_.run;
  for (const fs::path& directory : {platform(), platform() / "env", home()})
    base::Dir::open_or_make(directory, 0755);
  for (const auto& [name, value] : workshop_.settings.environment)
    base::write_file(platform() / "env" / name, value);
  if (room_.kind() != Room::Kind::none) return;
  workshop_.events({Event::Kind::warning, "build",
                    fmt::format("the build sees this whole machine: {}", fmt::join(room_.reasons(), "; "))});
}

fs::path Site::layers(const Buildpack& pack) const {
  return seen_at_ / launch::layers_directory(pack.id).str();
}

fs::path Site::platform() const { return workshop_.scratch / "platform"; }

fs::path Site::home() const { return workshop_.scratch / "home"; }

fs::path Site::make_plan(const Buildpack& pack, std::string_view purpose) const {
  const fs::path directory = workshop_.scratch / purpose;
  base::Dir::open_or_make(directory, 0755);
  const fs::path plan = directory / fmt::format("{}@{}.toml", pack.escaped_id(), pack.version);
  base::write_file(plan, "");
  return plan;
}

base::ExitStatus Site::run(const Call& call,
                           const std::function<void(std::string_view line)>& on_line) const {
  base::Command command;
  command.argv = {(call.pack.directory / call.program).native()};
  command.argv.insert(command.argv.end(), call.arguments.begin(), call.arguments.end());
  command.environment = launch::to_list(call.environment);
  command.directory = seen_at_;
  base::Limits limits;
  limits.time = workshop_.settings.time_limit;
  limits.cancelled = workshop_.cancelled;
  return room_.run(std::move(command), limits, on_line);
}

}  // namespace bakehouse::buildpack
