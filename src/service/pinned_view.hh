// What a process sees at the path of run/ and beside it: what is there when it starts, whatever is put there
// later.
#pragma once

#include "base/process.hh"

#include <filesystem>
#include <string>
#include <vector>

namespace bakehouse::service {

// An old release that loads a file by its absolute path must not get the new one's. A mount on run/ itself
// would not do: it goes with the directory when that is renamed. So the directory that holds run/ is covered,
// in a mount namespace of the process, by one that holds what is there now.
class PinnedView {
 public:
  // `run` is absolute.
  explicit PinnedView(const std::filesystem::path& run);
  PinnedView(const PinnedView&) = delete;
  PinnedView& operator=(const PinnedView&) = delete;
  // Valid as long as this lives.
  const base::ChildWork& child_work() const { return work_; }

  // Whether this machine lets us, found out by trying.
  static bool is_possible();

 private:
  struct Name {
    std::string name;
    std::string link;  // what it links to; "": it is no link
    bool is_directory;
    int tree;  // in the child
  };
  int enter();
  int move_in(Name& name) const;

  std::string holder_;
  std::string uid_map_;  // of a user namespace, which who is not root needs
  std::string gid_map_;
  std::vector<Name> names_;
  base::ChildWork work_;
};

}  // namespace bakehouse::service
