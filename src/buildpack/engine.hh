// Detection and build: which buildpacks apply, and what they make of the application.
#pragma once

#include "base/event.hh"
#include "buildpack/buildpack.hh"
#include "config/project.hh"
#include "launch/launch_file.hh"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace bakehouse::buildpack {

// Where a build happens. All directories exist; `scratch` is empty and private to this build.
struct Workshop {
  std::filesystem::path application;
  std::filesystem::path scratch;  // platform directory, plans, layers and HOME
  config::BuildSettings settings;
  base::EventSink events;
  std::function<bool()> cancelled;
};

struct Detection {
  Buildpack pack;
  bool passed = false;
  std::string said;  // what it printed
};

enum class Need { any, all };

// Asks each. With Need::any those that passed are used; with Need::all one that does not pass is an
// Error(build) with what it said. That none passed is an Error(build) too.
std::vector<Buildpack> detect(const std::vector<Buildpack>& candidates, Need need, const Workshop& workshop);

// Builds in place, one after the other. Layers for the launch are an Error(build): this version
// has no place for them yet.
launch::LaunchFile build(const std::vector<Buildpack>& packs, const Workshop& workshop);

}  // namespace bakehouse::buildpack
