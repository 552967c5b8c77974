// What a buildpack leaves in its directory of layers.
#pragma once

#include "base/dir.hh"
#include "buildpack/buildpack.hh"
#include "buildpack/layer_toml.hh"
#include "buildpack/sbom.hh"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace bakehouse::buildpack {

struct BuiltLayer {
  std::string name;
  LayerToml toml;
};

struct BuiltLayers {
  std::vector<BuiltLayer> all;  // but for those that are for nothing
  // Names of those that have a directory, in byte order.
  std::vector<std::string> build;   // for the buildpacks that follow
  std::vector<std::string> launch;  // that travel with the release
  std::vector<Sbom> sboms;
};

// A buildpack that has built, and what it made.
struct BuiltPack {
  const Buildpack* pack;
  const BuiltLayers* built;
};

// Reads every <layer>.toml; the directory of a layer that is for nothing becomes `<layer>.ignore`.
// Error(input) names the file: one that cannot be read, or a layer for the launch that has no directory, and
// that `reuse` does not give the one of the last release.
BuiltLayers take_layers(const base::Dir& application, const Buildpack& pack,
                        const std::function<bool(const std::string& layer)>& reuse);

// Links that name the tree by `seen_at`, the path that programs saw it at, become relative: a release is not
// bound to one place, and may hold no link that leads out of it.
void make_links_relative(const base::Dir& application, const std::filesystem::path& seen_at);

// Of everything in `.layers/` leaves the layers that are launched, and nothing at all where there are none.
// `set_aside` is offered the directories of the others, and says whether it took one away.
void keep_launched(const base::Dir& application, const std::vector<BuiltPack>& all,
                   const std::function<bool(const base::TreePath& layer)>& set_aside);

}  // namespace bakehouse::buildpack
