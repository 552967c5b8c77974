// One buildpack tried on one application, for its author: as a bake would use it, in a root that is thrown
// away.
#pragma once

#include "base/event.hh"
#include "buildpack/detect.hh"
#include "launch/launch_file.hh"
#include "launch/layer_env.hh"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::bakery {

struct TryOptions {
  std::filesystem::path pack;
  std::filesystem::path application;  // is copied, and stays as it is
  std::filesystem::path shipped;      // join only where the plan of `pack` does not work out alone
  std::optional<std::filesystem::path>
      keep;  // a directory that is not there yet: gets run/ and what it was built with
  base::EventSink events;
  std::function<bool()> cancelled;
};

struct TriedLayer {
  std::string buildpack;
  std::string name;
  bool build = false;
  bool launch = false;
  bool cache = false;
  uint64_t entries = 0;
  uint64_t bytes = 0;
};

struct PlannedDependency {
  std::string name;
  std::vector<std::string> providers;
  size_t requirements = 0;
};

struct Tried {
  std::vector<buildpack::Answer> answers;
  std::vector<buildpack::LostGroup> lost;
  std::vector<std::string> builders;  // none where it does not apply; then nothing below
  std::vector<PlannedDependency> plan;
  std::vector<TriedLayer> layers;
  launch::Environment for_build;   // what the layers give the buildpacks behind
  launch::Environment for_launch;  // what they give a process
  launch::LaunchFile launch;
};

// What fails is thrown as a build throws it.
Tried try_buildpack(const TryOptions& options);

}  // namespace bakehouse::bakery
