#include "tree/remove.hh"

#include "base/beneath.hh"
#include "base/error.hh"

#include <fcntl.h>

namespace bakehouse::tree {
namespace {

using base::Dir;
using base::FileType;
using base::TreePath;

// What is known of an inode that loses one of its names, carried over to the ctime it has then. The
// descriptor keeps hold of the inode, whatever happens to the name.
void remove_name(const Dir& dir, const TreePath& name, const base::FileStat& seen, StatIndex& index) {
  const auto known = seen.links > 1 ? index.find(identity_of(seen)) : std::nullopt;
  const base::Fd file(known ? base::open_beneath(dir.fd().get(), name, O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1);
  if (!file) {
    dir.remove_file(name);
    return;
  }
  const auto before = base::stat_of(file, name.str());
  dir.remove_file(name);
  // Only if it was that file, unchanged, until then, and has only lost a name since.
  const auto after = base::stat_of(file, name.str());
  const bool is_unchanged = identity_of(before) == identity_of(seen) && after.size == before.size &&
                            after.mtime == before.mtime && after.links + 1 == before.links;
  if (is_unchanged) index.add(identity_of(after), *known);
}

// Not of what is mounted there: that is no part of the tree.
void remove_names_in(const Dir& dir, StatIndex& index) {
  if (base::is_mount_root(dir.fd())) return;
  for (const std::string& text : dir.names()) {
    const TreePath name = TreePath::parse(text);
    const auto seen = dir.stat(name);
    if (!seen) continue;
    if (seen->type == FileType::directory) remove_names_in(dir.open_dir(name), index);
    if (seen->type == FileType::regular) remove_name(dir, name, *seen, index);
  }
}

}  // namespace

void remove_tree(const Dir& root, const TreePath& path, StatIndex& index) {
  const auto seen = root.stat(path);
  // Where our own trees end, their rules do too: directories that cannot be listed are left to what follows.
  if (seen && seen->type == FileType::directory) {
    try {
      remove_names_in(root.open_dir(path), index);
    } catch (const base::Error&) {
      // It costs reading some files again, later.
    }
  }
  root.remove_tree(path);
}

}  // namespace bakehouse::tree
