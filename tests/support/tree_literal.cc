#include "support/tree_literal.hh"

#include "base/error.hh"
#include "base/files.hh"

#include <algorithm>
#include <cstdlib>

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace bakehouse::support {
namespace {

using base::Dir;
using base::Fd;
using base::TreePath;

// With a row for every folder, so that each comes before what it holds.
Tree complete(const Tree& tree) {
  Tree all = tree;
  for (const auto& [path, node] : tree) {
    for (TreePath parent = TreePath::parse(path).parent(); !parent.is_top(); parent = parent.parent()) {
      all.try_emplace(parent.str(), Folder{});
    }
  }
  return all;
}

void write_content(const Fd& fd, const File& file, const std::string& path) {
  constexpr size_t block_size = 4096;
  if (file.storage == Storage::full) return base::write_all(fd, file.content, path);
  if (::ftruncate(fd.get(), static_cast<off_t>(file.content.size())) != 0) base::fail_os("size", path);
  for (size_t offset = 0; offset < file.content.size(); offset += block_size) {
    const auto block = std::string_view(file.content).substr(offset, block_size);
    if (block.find_first_not_of('\0') == std::string_view::npos) continue;
    if (::lseek(fd.get(), static_cast<off_t>(offset), SEEK_SET) < 0) base::fail_os("seek in", path);
    base::write_all(fd, block, path);
  }
}

// The mode is last: a change of owner takes set-id bits away, and an attribute can be given only to
// what one may write. The access list says the same as the mode, so that this leaves it as it is.
template <typename FileOrFolder>
void set_attributes(const Fd& fd, const FileOrFolder& node, const std::string& path) {
  if (node.owner && ::fchown(fd.get(), node.owner->uid, node.owner->gid) != 0)
    base::fail_os("set the owner of", path);
  set_xattrs(fd, node.xattrs);
  if (::fchmod(fd.get(), node.mode) != 0) base::fail_os("set the mode of", path);
}

class Maker {
 public:
  explicit Maker(const Dir& dir) : dir_(dir) {}

  void make(const TreePath& path, const Folder&) const { dir_.make_dir(path, 0700); }

  void make(const TreePath& path, const File& file) const {
    Fd fd = dir_.create_file(path, 0600);
    write_content(fd, file, path.str());
    set_attributes(fd, file, path.str());
    fd.close(path.str());
    dir_.set_mtime(path, file.time);
  }

  void make(const TreePath& path, const Link& link) const {
    dir_.make_symlink(link.target, path);
    if (link.owner) dir_.set_owner(path, link.owner->uid, link.owner->gid);
    if (link.time) dir_.set_mtime(path, *link.time);
  }

  void make(const TreePath& path, const HardLink& link) const {
    dir_.make_hard_link(TreePath::parse(link.first), path);
  }

  void make(const TreePath& path, const Special& special) const {
    const bool device = special.kind == Special::Kind::device;
    if (device) throw base::Error(base::Fault::usage, "a test has no devices to make");
    const mode_t type = special.kind == Special::Kind::fifo ? S_IFIFO : S_IFSOCK;
    const Dir folder = path.parent().is_top() ? Dir::open(dir_.path()) : dir_.open_dir(path.parent());
    const std::string name(path.name());
    if (::mknodat(folder.fd().get(), name.c_str(), type | 0600, 0) != 0 ||
        ::fchmodat(folder.fd().get(), name.c_str(), special.mode, 0) != 0)
      base::fail_os("make", path.str());
  }

 private:
  const Dir& dir_;
};

}  // namespace

void make_tree(const Dir& dir, const Tree& tree) {
  const Tree all = complete(tree);
  const Maker maker(dir);
  for (const auto& row : all)
    std::visit([&](const auto& kind) { maker.make(TreePath::parse(row.first), kind); }, row.second);
  // Innermost first: what cannot be written must not stop what comes after.
  for (auto row = all.rbegin(); row != all.rend(); ++row) {
    const auto* folder = std::get_if<Folder>(&row->second);
    if (folder == nullptr) continue;
    const TreePath path = TreePath::parse(row->first);
    set_attributes(dir.open_dir(path).fd(), *folder, row->first);
    if (folder->time) dir.set_mtime(path, *folder->time);
  }
}

Tree what_fits(const Tree& tree, const Dir& dir) {
  const base::TempDir scratch(dir.path());
  const Fd probe = Dir::open(scratch.path()).create_file(TreePath::parse("probe"), 0600);
  const std::string list = posix_acl(0600, 1, 4);
  const bool keeps_attributes = ::fsetxattr(probe.get(), "user.probe", "", 0, 0) == 0;
  const bool keeps_lists = ::fsetxattr(probe.get(), access_list.c_str(), list.data(), list.size(), 0) == 0;
  const bool keeps_owners = ::fchown(probe.get(), 1, 1) == 0;

  Tree fitting = tree;
  for (auto& [path, any] : fitting) {
    std::visit(
        [&](auto& node) {
          if constexpr (requires { node.owner; }) {
            if (!keeps_owners) node.owner.reset();
          }
          if constexpr (requires { node.xattrs; }) {
            std::erase_if(node.xattrs, [&](const auto& xattr) {
              return xattr.first.starts_with("system.") ? !keeps_lists : !keeps_attributes;
            });
          }
        },
        any);
  }
  return fitting;
}

std::filesystem::path fast_place() {
  const std::filesystem::path memory = "/dev/shm";
  const bool is_told = std::getenv("TMPDIR") != nullptr;
  if (is_told || ::access(memory.c_str(), W_OK) != 0) return std::filesystem::temp_directory_path();
  const base::TempDir probe(memory);
  const File file{"", 0600, some_time, {{"user.probe", ""}, {access_list, posix_acl(0600, 1, 4)}}};
  const Tree fitting = what_fits({{"file", file}}, Dir::open(probe.path()));
  const bool keeps_all = std::get<File>(fitting.at("file")).xattrs == file.xattrs;
  return keeps_all ? memory : std::filesystem::temp_directory_path();
}

SharedTree share_nodes(const Tree& tree) {
  SharedTree shared;
  for (const auto& [path, node] : complete(tree)) {
    const auto* other_name = std::get_if<HardLink>(&node);
    shared[path] = other_name != nullptr ? shared.at(other_name->first) : std::make_shared<Node>(node);
  }
  return shared;
}

Tree name_nodes(const SharedTree& tree) {
  Tree named;
  std::map<const Node*, std::string> first_names;
  for (const auto& [path, node] : tree) {
    const auto [first, is_new] = first_names.try_emplace(node.get(), path);
    named[path] = is_new ? *node : Node(HardLink{first->second});
  }
  return named;
}

}  // namespace bakehouse::support
