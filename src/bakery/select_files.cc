#include "bakery/select_files.hh"

#include "buildpack/path_patterns.hh"

namespace bakehouse::bakery {
namespace {

using base::Dir;
using base::TreePath;
using buildpack::PathPatterns;

enum class Matched { stays, goes };

class Selection {
 public:
  Selection(const PathPatterns& patterns, Matched matched) : patterns_(patterns), matched_(matched) {}

  void prune(const Dir& here, const TreePath& path) const {
    for (const std::string& name : here.names()) {
      const bool is_ours = path.is_top() && (name == "bake.yaml" || name == ".bake");
      if (!is_ours) prune_one(here, TreePath::parse(name), path / name);
    }
  }

 private:
  void prune_one(const Dir& here, const TreePath& name, const TreePath& path) const {
    const auto inside = here.open_dir_if_any(name);
    // Of a directory all goes the same way, as git would have it.
    if (patterns_.match(path, inside ? PathPatterns::Is::directory : PathPatterns::Is::other)) {
      if (matched_ == Matched::goes) here.remove_tree(name);
      return;
    }
    if (inside) prune(*inside, path);
    // A directory that holds nothing to build is not needed either.
    if (matched_ == Matched::stays && (!inside || here.open_dir(name).names().empty()))
      here.remove_tree(name);
  }

  const PathPatterns& patterns_;
  Matched matched_;
};

}  // namespace

void select_files(const buildpack::ProjectToml& file, const Dir& tree) {
  if (!file.exclude.empty()) Selection(PathPatterns(file.exclude), Matched::goes).prune(tree, TreePath());
  if (!file.include.empty()) Selection(PathPatterns(file.include), Matched::stays).prune(tree, TreePath());
}

}  // namespace bakehouse::bakery
