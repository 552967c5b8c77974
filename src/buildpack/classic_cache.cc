#include "buildpack/classic_cache.hh"

#include "base/dir.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "tree/snapshot.hh"

#include <fmt/format.h>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;
using base::Dir;
using base::TreePath;

const char* const classic_part = "classic";

const TreePath& in_force() {
  static const TreePath name = TreePath::parse("current");
  return name;
}
const TreePath& being_made() {
  static const TreePath name = TreePath::parse("next");
  return name;
}

// The directory itself stays, because rooms may be made of it.
void empty(const Dir& directory) {
  for (const std::string& name : directory.names()) directory.remove_tree(TreePath::parse(name));
}

}  // namespace

fs::path make_classic_cache(const fs::path& cache) {
  Dir::open_or_make(cache, 0700);
  const Dir dir = Dir::open_or_make(cache / classic_part, 0700);
  // Without a room a build may have put anything there.
  const auto left = dir.stat(being_made());
  if (left && left->type != base::FileType::directory) dir.remove_tree(being_made());
  dir.make_dirs(being_made(), 0755);
  return fs::canonical(dir.path()) / being_made().str();
}

void restore_classic_cache(const fs::path& cache, const std::function<void(const std::string&)>& warn) {
  const Dir dir = Dir::open(cache / classic_part);
  // A build that failed may have taken its rights away.
  dir.set_mode(being_made(), 0755);
  const Dir next = dir.open_dir(being_made());
  empty(next);
  try {
    if (const auto last = dir.open_dir_if_any(in_force()))
      tree::take_snapshot(*last, next, {tree::Detail::release});
    dir.set_mode(being_made(), 0755);
  } catch (const base::Error& error) {
    warn(fmt::format("the cache of the classic buildpacks cannot be had: {}", error.what()));
    dir.set_mode(being_made(), 0755);
    empty(next);
  }
}

void commit_classic_cache(const fs::path& cache) {
  const Dir dir = Dir::open(cache / classic_part);
  base::sync_filesystem(dir.fd(), dir.path().native());
  if (dir.exists(in_force())) {
    dir.exchange(in_force(), being_made());
    dir.remove_tree(being_made());
  } else {
    dir.rename_new(being_made(), in_force());
  }
}

}  // namespace bakehouse::buildpack
