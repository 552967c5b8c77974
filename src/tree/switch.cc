#include "tree/switch.hh"

#include "base/error.hh"

#include <fcntl.h>
#include <sys/stat.h>

namespace bakehouse::tree {

using base::Dir;
using base::Error;
using base::Fault;
using base::TreePath;

void exchange(const Dir& root, const TreePath& run, const TreePath& next) {
  if (root.exists(run)) {
    root.exchange(run, next);
  } else {
    root.rename_new(next, run);
  }
  root.open_dir(run.parent()).sync();
  root.open_dir(next.parent()).sync();
}

void probe_exchange(const Dir& root) {
  const TreePath one = TreePath::parse(".bakehouse/probe-one");
  const TreePath other = TreePath::parse(".bakehouse/probe-other");
  root.remove_tree(one);
  root.remove_tree(other);
  root.make_dir(one, 0700);
  root.make_dir(other, 0700);
  try {
    root.exchange(one, other);
  } catch (const Error& error) {
    root.remove_tree(one);
    root.remove_tree(other);
    throw error.as(Fault::refused)
        .within("this file system cannot exchange two directories at once")
        .with_hint("put the root on ext4, XFS, btrfs or tmpfs");
  }
  root.remove_tree(one);
  root.remove_tree(other);
}

bool is_mount_point(const Dir& root, const TreePath& path) {
  const Dir dir = root.open_dir(path);
  struct statx raw {};
  if (::statx(dir.fd().get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &raw) != 0) {
    base::fail_os("look at", dir.path().native());
  }
  return (raw.stx_attributes_mask & raw.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

}  // namespace bakehouse::tree
