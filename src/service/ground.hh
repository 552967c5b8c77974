// Whether the root that a supervisor serves is still there: nobody could tell it to end any more.
#pragma once

#include "base/dir.hh"
#include "base/fd.hh"

#include <string>

namespace bakehouse::service {

class Ground {
 public:
  // `state` must outlive it.
  explicit Ground(const base::Dir& state);

  // For an event loop: readable once something beside `state` was removed. -1 where the machine has no watch
  // left; then it is only noticed when something else wakes the loop.
  int descriptor() const { return news_.get(); }
  // Removed, not only moved.
  bool is_gone() const;

 private:
  const base::Dir& state_;
  std::string name_;
  base::Fd news_;  // inotify
};

}  // namespace bakehouse::service
