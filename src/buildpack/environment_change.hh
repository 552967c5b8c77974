// What a shell script did to the environment it was sourced in.
#pragma once

#include "launch/layer_env.hh"

#include <set>
#include <string>
#include <string_view>

namespace bakehouse::buildpack {

struct EnvironmentChange {
  launch::Environment set;
  std::set<std::string> unset;

  void apply(launch::Environment& environment) const;
};

// `after` as `env -0` prints it. What bash keeps for itself is no change.
EnvironmentChange find_change(const launch::Environment& before, std::string_view after);

}  // namespace bakehouse::buildpack
