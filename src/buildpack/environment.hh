// The environment of bin/detect and bin/build: made from nothing, so that a build does not depend on who
// happens to run it.
#pragma once

#include "buildpack/site.hh"

#include <set>
#include <string>

namespace bakehouse::buildpack {

// What every program begins with: the usual PATH, HOME, and the proxies of ours.
launch::Environment first_environment(const Site& site);

// On top of that, and of what the layers of earlier buildpacks gave: the variables of the project, unless the
// buildpack wants none, those of the operator, and what the engine itself says. `plan` is the file that the
// program is given; `exported` as below.
void complete_environment(const Site& site, const Buildpack& pack, const std::filesystem::path& plan,
                          launch::Environment& environment, const std::set<std::string>& exported = {});

// What the operator of this root says of every build, whatever the project or a buildpack want. `exported`
// are names whose value has what he adds to it already, because a program that had it made that of it.
void add_operator_variables(const Site& site, launch::Environment& environment,
                            const std::set<std::string>& exported = {});

}  // namespace bakehouse::buildpack
