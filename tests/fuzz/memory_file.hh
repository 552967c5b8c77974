// A file that only this process has, for functions that take a path.
#pragma once

#include "base/fd.hh"

#include <filesystem>
#include <string>
#include <string_view>

#include <sys/mman.h>
#include <sys/stat.h>

namespace bakehouse::fuzz {

class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content, mode_t mode = 0600)
      : fd_(::memfd_create("input", MFD_CLOEXEC)) {
    ::fchmod(fd_.get(), mode);
    base::write_all(fd_, content, "input");
  }

  std::filesystem::path path() const { return "/proc/self/fd/" + std::to_string(fd_.get()); }

 private:
  base::Fd fd_;
};

}  // namespace bakehouse::fuzz
