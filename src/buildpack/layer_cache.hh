// What a successful build leaves for the next one of the same application: layers, their metadata, and what
// buildpacks want to find again. Files are hard links, so that neither direction copies or reads any.
#pragma once

#include "base/dir.hh"
#include "buildpack/buildpack.hh"
#include "buildpack/layers.hh"

#include <functional>
#include <string>
#include <vector>

namespace bakehouse::buildpack {

class LayerCache {
 public:
  using Warn = std::function<void(const std::string&)>;

  // `cache` is a directory of this application alone, on the file system of its tree.
  LayerCache(base::Dir cache, Warn warn);

  // Before its bin/build: metadata and store.toml, and the directories of layers that are for the cache. What
  // changed since it was saved, for a build that failed wrote into it for instance, is not restored; a
  // warning says so.
  void restore(const base::Dir& application, const Buildpack& pack);
  // The directory of a layer that the last release launched, for a buildpack that declares it again without
  // having made it; false when there is none.
  bool reuse(const base::Dir& application, const Buildpack& pack, const std::string& layer);

  // After a build that succeeded, before anything is removed from its tree: all that the next one may find,
  // and nothing of other buildpacks. When that is cut off, what is not whole is not restored.
  void save(const base::Dir& application, const std::vector<BuiltPack>& all);

 private:
  // Whether the directory is the one that is saved already.
  bool save_layer(const base::Dir& application, const Buildpack& pack, const BuiltLayer& layer) const;
  bool is_intact(const base::TreePath& directory, const std::string& layer) const;

  base::Dir cache_;
  Warn warn_;
};

}  // namespace bakehouse::buildpack
