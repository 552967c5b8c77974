// The mounts of this machine, for kernels before 5.12, which make mounts read-only one at a time only.
#pragma once

#include <filesystem>
#include <vector>

namespace bakehouse::buildpack {

struct Mounted {
  std::filesystem::path at;
  unsigned long flags = 0;  // MS_..., those that belong to the mount
};

// The mounts that are seen at and below `path`, each with its path; the first is the one `path` lies on.
std::vector<Mounted> mounts_at_and_below(const std::filesystem::path& path);

// Whether one call makes a mount and all below it read-only.
bool kernel_changes_mounts_at_once();

}  // namespace bakehouse::buildpack
