// build.toml: what a buildpack was asked for in its plan and leaves to later ones.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::buildpack {

// The names of [[unmet]]; whether they were in the plan says remove_met (plan.hh). Error(input) with
// the place.
std::vector<std::string> parse_build_toml(std::string_view toml, std::string_view name);

}  // namespace bakehouse::buildpack
