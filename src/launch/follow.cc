#include "launch/follow.hh"

#include <optional>

namespace bakehouse::launch {
namespace {

using base::FileType;
using base::TreePath;

constexpr int most_links = 40;  // as the kernel

Followed::Kind kind_of(FileType type) {
  switch (type) {
    case FileType::regular: return Followed::Kind::file;
    case FileType::directory: return Followed::Kind::directory;
    default: return Followed::Kind::other;
  }
}

// What an absolute link means in the tree; nullopt when it leads elsewhere.
std::optional<std::string> within(const std::string& target, const std::string& top) {
  if (!target.starts_with(top)) return std::nullopt;
  if (target.size() > top.size() && target[top.size()] != '/') return std::nullopt;
  return target.substr(top.size());
}

}  // namespace

Followed follow(const LayerTree& tree, const TreePath& path) {
  std::string rest = path.str();
  TreePath at;  // has no links
  FileType type = FileType::directory;
  for (int links = 0; !rest.empty();) {
    const size_t slash = rest.find('/');
    const std::string part = rest.substr(0, slash);
    rest.erase(0, slash == std::string::npos ? slash : slash + 1);
    if (part.empty() || part == ".") continue;
    if (type != FileType::directory) return {};
    if (part == "..") {
      if (at.is_top()) return {Followed::Kind::outside, {}};
      at = at.parent();
      continue;
    }
    const TreePath next = at / part;
    const auto stat = tree.dir.stat(next);
    if (!stat) return {};
    type = stat->type;
    if (type != FileType::symlink) {
      at = next;
      continue;
    }
    if (++links > most_links) return {};
    std::string target = tree.dir.read_link(next);
    type = FileType::directory;
    if (target.starts_with('/')) {
      auto inner = within(target, tree.seen_at.native());
      if (!inner) return {Followed::Kind::outside, {}};
      target = *std::move(inner);
      at = TreePath();
    }
    rest = target + "/" + rest;
  }
  return {kind_of(type), at};
}

}  // namespace bakehouse::launch
