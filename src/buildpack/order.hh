// From an order, whose members may be composites, to the flat groups that are tried one after another.
#pragma once

#include "buildpack/buildpack.hh"
#include "buildpack/store.hh"

#include <functional>
#include <string>
#include <vector>

namespace bakehouse::buildpack {

// A member of a flat group. `pack` is never null and never a composite; it lives in the store.
struct Candidate {
  const Buildpack* pack = nullptr;
  bool optional = false;
};
using Candidates = std::vector<Candidate>;

// Puts `pre` and `post` at both ends of every group, save those whose id the group has already.
Order with_ends(const Order& order, const Group& pre, const Group& post);

struct OrderWalk {
  std::string exec_env = "production";
  // Asked for every flat group in turn, never for an empty one; says whether the group is it.
  std::function<bool(const Candidates&)> try_group;
  // Told once of each: an id that stands in one group in two versions.
  std::function<void(const std::string&)> warn;
};

// Whether `try_group` accepted a group. Composites are replaced by each of their groups, depth first; an id
// that stands in a group already is dropped, in whatever version; what is not meant for the exec-env is
// skipped. A buildpack is looked up when its turn comes, so that one missing from a group that is not
// reached is no error. Error(input), as a PlatformFailure: a composite that contains itself, in
// whichever group, named with the way around; a missing buildpack; ids that would share one directory of
// layers ("a/b" and "a_b"); more groups, or longer ones, than any real order has.
bool walk_order(const Order& order, const Store& store, const OrderWalk& walk);

}  // namespace bakehouse::buildpack
