// The build: each buildpack that was selected, one after the other, in the tree of the release.
#pragma once

#include "buildpack/detect.hh"
#include "buildpack/layers.hh"
#include "buildpack/site.hh"
#include "launch/launch_file.hh"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace bakehouse::buildpack {

struct BuildResult {
  // What is to be launched, with the layers for that, which are in the tree.
  launch::LaunchFile launch;
  // The bills of materials of what is launched, by the name of their part in `.bakehouse/`.
  std::map<std::string, std::string> sboms;
};

// A PlatformFailure (build) names the buildpack that failed, or that left what cannot be used. A tree that
// has a `.layers` of its own is an Error(input).
// `inspect` sees the layers while all of them are still there.
using Inspect = std::function<void(const std::vector<BuiltPack>&)>;
BuildResult build(Selection selection, const Site& site, const Inspect& inspect = {});

}  // namespace bakehouse::buildpack
