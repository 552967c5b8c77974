// What a successful build leaves for the next one of the same application: layers, their metadata, and what
// buildpacks want to find again. Files are hard links, so that neither direction copies or reads any.
#pragma once

#include "base/dir.hh"
#include "buildpack/buildpack.hh"
#include "buildpack/layers.hh"
#include "buildpack/seen_layer.hh"

#include <filesystem>
#include <functional>
#include <map>
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

  // Takes the directory of one layer, `.layers/<id>/<layer>`, out of a tree that does not need it any more,
  // so that `restore` can move it into the next one. False when it stays where it is.
  bool set_aside(const base::Dir& tree, const base::TreePath& layer) const;

  // After a build that succeeded, before anything is removed from its tree: all that the next one may find,
  // and nothing of other buildpacks. When that is cut off, what is not whole is not restored.
  void save(const base::Dir& application, const std::vector<BuiltPack>& all);

 private:
  // One that was looked at and is as it was saved.
  struct Saved {
    base::TreePath directory;
    SeenLayer seen;
  };
  // What was taken over, or else what the cache holds of it; null when neither is whole.
  const Saved* find_whole(const Buildpack& pack, const std::string& layer);
  void put(const Saved& saved, const base::Dir& application, const base::TreePath& to) const;
  // Whether the directory is the one that is saved already.
  bool save_layer(const base::Dir& application, const Buildpack& pack, const BuiltLayer& layer) const;

  base::Dir cache_;
  Warn warn_;
  std::map<base::TreePath, Saved> whole_;  // by the directory in the cache
};

// Sets aside all layers of a tree that is about to be removed, which a build may have left in any state: what
// is not as it was saved is not restored. That spares the removal of their directories and the making of new
// ones, and nothing depends on it. `cache` need not be there.
void take_over_layers(const std::filesystem::path& cache, const base::Dir& tree);

}  // namespace bakehouse::buildpack
