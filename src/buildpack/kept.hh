// What was fetched of buildpacks, kept below the state directory of a root for the bakes to come:
//
//   sha256/<digits>/tree     what an archive of that digest holds
//   git/<digits>/tree        the files of that commit
//   .../kept.json            the digest of the tree, and which buildpack in it is the main one
//   uses                     what the last few bakes used, a line each, the last one first
#pragma once

#include "base/dir.hh"
#include "base/tree_path.hh"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::buildpack {

struct KeptTree {
  base::TreePath name;         // "sha256/<digits>"
  std::filesystem::path tree;  // its real path
  base::TreePath main;         // a directory in it; the top: nothing says which
};

class Kept {
 public:
  using Warn = std::function<void(const std::string&)>;

  // Of a root that this process has locked for a build. The directory is made when something is to be kept.
  Kept(std::filesystem::path directory, Warn warn);

  // nullopt when there is none of that name; also when its files are not what they were, and a warning says
  // so.
  std::optional<KeptTree> find(const base::TreePath& name) const;

  // Makes `tree` in the directory it is given, and may use others beside it; returns the main buildpack.
  using Fill = std::function<base::TreePath(const base::Dir& staging)>;
  // It is kept whole and durable, or, when `fill` throws, not at all. Replaces what has the name.
  KeptTree keep(const base::TreePath& name, const Fill& fill) const;

  // After a bake that succeeded: removes what none of the last few used.
  void note_use(const std::vector<base::TreePath>& names) const;

 private:
  std::optional<KeptTree> read(const base::TreePath& name) const;

  std::filesystem::path directory_;
  Warn warn_;
};

}  // namespace bakehouse::buildpack
