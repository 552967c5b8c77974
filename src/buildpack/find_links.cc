#include "buildpack/find_links.hh"

#include "base/error.hh"

#include <memory>
#include <string_view>

#include <dirent.h>
#include <fcntl.h>

namespace bakehouse::buildpack {
namespace {

using base::Dir;
using base::FileType;
using base::TreePath;

struct Close {
  void operator()(DIR* listing) const { ::closedir(listing); }
};
using Listing = std::unique_ptr<DIR, Close>;

Listing list(const Dir& dir) {
  base::Fd fd(::openat(dir.fd().get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  Listing listing(fd ? ::fdopendir(fd.get()) : nullptr);
  if (!listing) base::fail_os("list", dir.path().native());
  fd.release();
  return listing;
}

FileType type_of(const dirent& found, const Dir& dir) {
  switch (found.d_type) {
    case DT_DIR: return FileType::directory;
    case DT_LNK: return FileType::symlink;
    case DT_REG: return FileType::regular;
    case DT_UNKNOWN: break;  // some file systems do not say
    default: return FileType::other;
  }
  const auto stat = dir.stat(TreePath::parse(found.d_name));
  return stat ? stat->type : FileType::other;
}

}  // namespace

std::vector<TreePath> find_links(const Dir& tree) {
  std::vector<TreePath> links;
  std::vector<TreePath> waiting{TreePath()};
  while (!waiting.empty()) {
    const TreePath at = std::move(waiting.back());
    waiting.pop_back();
    const Dir dir = tree.open_dir(at);
    const Listing listing = list(dir);
    while (const dirent* found = ::readdir(listing.get())) {
      const std::string_view name = found->d_name;
      if (name == "." || name == "..") continue;
      const FileType type = type_of(*found, dir);
      if (type == FileType::symlink) links.push_back(at / name);
      if (type == FileType::directory) waiting.push_back(at / name);
    }
  }
  return links;
}

}  // namespace bakehouse::buildpack
