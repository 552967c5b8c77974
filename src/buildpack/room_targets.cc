#include "buildpack/room_targets.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <algorithm>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;

std::string shown(const fs::path& path) { return base::printable(path.native()); }

fs::path clean(const fs::path& at) {
  if (!at.is_absolute())
    throw Error(Fault::input,
                fmt::format("'{}' is no absolute path, so it has no place in the build room", shown(at)));
  fs::path normal = at.lexically_normal();
  if (!normal.has_filename() && normal.has_relative_path()) normal = normal.parent_path();
  if (normal == "/")
    throw Error(Fault::input, "nothing can stand at '/' itself in the build room",
                "give a directory of its own, such as /srv/NAME");
  return normal;
}

fs::path existing(const fs::path& source) {
  std::error_code missing;
  fs::path found = fs::canonical(source, missing);
  if (!missing) return found;
  throw Error(Fault::input,
              fmt::format("cannot show '{}' in the build room: {}", shown(source), missing.message()));
}

std::vector<RoomTarget> list(const RoomPlan& plan, const fs::path& temporary) {
  const fs::path run = clean(plan.root) / plan.run;
  std::vector<RoomTarget> targets = {
      {"/tmp", RoomTarget::Kind::writable, temporary},
      {clean(plan.root), RoomTarget::Kind::memory, {}},
      {run, RoomTarget::Kind::writable, existing(plan.tree)},
  };
  if (plan.hidden) targets.push_back({clean(*plan.hidden), RoomTarget::Kind::memory, {}});
  if (fs::is_directory(fs::symlink_status("/var/tmp")))
    targets.push_back({"/var/tmp", RoomTarget::Kind::writable, temporary});
  for (const Bind& bind : plan.readable)
    targets.push_back({clean(bind.at), RoomTarget::Kind::read_only, existing(bind.source)});
  for (const Bind& bind : plan.writable)
    targets.push_back({clean(bind.at), RoomTarget::Kind::writable, existing(bind.source)});
  if (plan.app_path && clean(*plan.app_path) != run)
    targets.push_back({clean(*plan.app_path), RoomTarget::Kind::tree_again, run});
  return targets;
}

// As the plan names a path, and where it is.
struct Way {
  fs::path named;
  fs::path real;
};

// Only what the plan does not itself replace is looked up on the host: the rest is found in what it binds.
// The live `run` may be a link, but in the room it is not.
fs::path resolve(const fs::path& at, const std::vector<Way>& known) {
  for (auto way = known.rbegin(); way != known.rend(); ++way) {
    if (at == way->named) return way->real;
    if (is_within(at, way->named)) return way->real / at.lexically_relative(way->named);
  }
  std::error_code unreadable;
  fs::path found = fs::weakly_canonical(at, unreadable);
  return unreadable ? at : found;
}

void resolve_all(std::vector<RoomTarget>& targets) {
  std::ranges::stable_sort(targets, {}, &RoomTarget::at);
  std::vector<Way> known;
  for (RoomTarget& target : targets) {
    known.push_back({target.at, resolve(target.at, known)});
    target.at = known.back().real;
  }
  for (RoomTarget& target : targets) {
    if (target.kind == RoomTarget::Kind::tree_again) target.source = resolve(target.source, known);
  }
}

void refuse_collisions(const std::vector<RoomTarget>& targets) {
  const auto twice = std::ranges::adjacent_find(targets, {}, &RoomTarget::at);
  if (twice != targets.end())
    throw Error(Fault::input,
                fmt::format("two things are to be at '{}' in the build room", shown(twice->at)));
}

}  // namespace

bool is_within(const fs::path& path, const fs::path& ancestor) {
  return std::mismatch(ancestor.begin(), ancestor.end(), path.begin(), path.end()).first == ancestor.end();
}

std::vector<RoomTarget> order_targets(const RoomPlan& plan, const fs::path& temporary) {
  std::vector<RoomTarget> targets = list(plan, temporary);
  resolve_all(targets);
  std::ranges::stable_sort(targets, {}, &RoomTarget::at);  // parents before what lies in them
  refuse_collisions(targets);
  const auto again = std::ranges::find(targets, RoomTarget::Kind::tree_again, &RoomTarget::kind);
  if (again == targets.end()) return targets;
  const fs::path second = again->at;
  const fs::path first = again->source;
  if (is_within(first, second) || is_within(second, first))
    throw Error(
        Fault::input,
        fmt::format("the tree cannot be at '{}' and at '{}' in one build room", shown(first), shown(second)),
        "choose another app-path");
  // The tree's second place shows all that is bound in its first one.
  std::stable_partition(targets.begin(), targets.end(),
                        [&](const RoomTarget& one) { return !is_within(one.at, second); });
  return targets;
}

}  // namespace bakehouse::buildpack
