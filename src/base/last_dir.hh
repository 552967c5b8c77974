// The directory that was needed last, kept open: what stands side by side in a list mostly does so in
// a directory. For one thread.
#pragma once

#include "base/dir.hh"

namespace bakehouse::base {

class LastDir {
 public:
  explicit LastDir(const Dir& top) : top_(top) {}

  // The directory that holds `path`.
  const Dir& holding(const TreePath& path) {
    const TreePath parent = path.parent();
    if (!dir_ || parent != parent_) {
      dir_.emplace(top_.open_dir(parent));
      parent_ = parent;
    }
    return *dir_;
  }

 private:
  const Dir& top_;
  TreePath parent_;
  std::optional<Dir> dir_;
};

}  // namespace bakehouse::base
