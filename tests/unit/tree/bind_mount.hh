// A directory mounted in the place of another, where the system lets us.
#pragma once

#include <filesystem>

#include <sys/mount.h>

namespace bakehouse::support {

class BindMount {
 public:
  BindMount(const std::filesystem::path& what, std::filesystem::path where)
      : where_(std::move(where)),
        is_there_(::mount(what.c_str(), where_.c_str(), nullptr, MS_BIND, nullptr) == 0) {}
  BindMount(const BindMount&) = delete;
  BindMount& operator=(const BindMount&) = delete;
  ~BindMount() {
    if (is_there_) ::umount2(where_.c_str(), MNT_DETACH);
  }

  bool is_there() const { return is_there_; }

 private:
  const std::filesystem::path where_;
  const bool is_there_;
};

}  // namespace bakehouse::support
