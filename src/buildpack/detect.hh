// Which buildpacks build an application: every member of a group is asked by its bin/detect, and the group
// is taken whose build plan works out.
#pragma once

#include "buildpack/order.hh"
#include "buildpack/plan.hh"
#include "buildpack/platform_exit.hh"
#include "buildpack/site.hh"

#include <optional>
#include <string>
#include <vector>

namespace bakehouse::buildpack {

// What one buildpack said. Each is asked once, however many groups have it.
struct Answer {
  enum class Kind { applies, does_not, erred } kind = Kind::does_not;
  std::string pack;  // "acme/node@1.2"
  std::string why;   // of one that erred
  std::string said;  // what it printed, as base::LastLines has it
  // Why no target of it fits this machine, where the project wants it asked all the same.
  std::string ignored_target;
  std::string display_name = {};  // of a classic buildpack that applies: what it calls the application
};

// A group that lost, and why.
struct LostGroup {
  std::vector<std::string> members;
  std::vector<std::string> reasons;
  bool did_all_apply = false;  // then it was their build plan that did not work out
};

struct Selection {
  std::vector<const Buildpack*> packs;   // who builds, in this order
  std::vector<Dependency> dependencies;  // providers are places in `packs`
};

struct Detection {
  std::vector<Answer> answers;  // in the order in which they were first wanted
  std::vector<LostGroup> lost;  // before the one that was taken, or all
  std::optional<Selection> selection;
};

// The members of a group are asked all at once; the result does not depend on which is the first to answer.
Detection detect(const Order& order, const Store& store, const Site& site);

// What a platform exits with when no group was taken.
PlatformExit exit_without_selection(const Detection& detection);
// As a PlatformFailure, when no group was taken: what each buildpack said, and why the groups lost.
Selection require_selection(Detection detection);

}  // namespace bakehouse::buildpack
