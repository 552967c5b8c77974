// What each buildpack said of a source, and who would build it.
#pragma once

#include "buildpack/detect.hh"

#include <string>
#include <vector>

namespace bakehouse::bakery {

struct Detected {
  std::vector<buildpack::Answer> answers;
  std::vector<buildpack::LostGroup> lost;
  std::vector<std::string> builders;  // in their order; none where no group was taken
  int platform_exit = 0;              // what a platform of buildpacks would exit with
};

Detected summarise(const buildpack::Detection& detection);

// "applies", "does not apply", "could not be asked"
std::string_view name_of(buildpack::Answer::Kind kind);
// For people, a line for each and what it printed below it.
std::string describe(const Detected& detected);

}  // namespace bakehouse::bakery
