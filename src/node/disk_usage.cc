#include "node/disk_usage.hh"

#include <sys/stat.h>

namespace bakehouse::node {

namespace fs = std::filesystem;

namespace {

constexpr uint64_t block_of_stat = 512;  // whatever the file system's own is

Usage usage_of_one(const fs::path& path, Counted counted) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return {};
  const bool has_another_name = !S_ISDIR(found.st_mode) && found.st_nlink > 1;
  if (counted == Counted::freed && has_another_name) return {};
  return {static_cast<uint64_t>(found.st_blocks) * block_of_stat, 1};
}

}  // namespace

Usage usage_of(const fs::path& path, Counted counted) {
  Usage usage = usage_of_one(path, counted);
  std::error_code failure;
  if (fs::symlink_status(path, failure).type() == fs::file_type::directory)
    usage += usage_below(path, counted);
  return usage;
}

Usage usage_below(const fs::path& directory, Counted counted) {
  Usage usage;
  std::error_code failure;
  const auto options = fs::directory_options::skip_permission_denied;
  for (auto entry = fs::recursive_directory_iterator(directory, options, failure);
       !failure && entry != fs::recursive_directory_iterator(); entry.increment(failure))
    usage += usage_of_one(entry->path(), counted);
  return usage;
}

}  // namespace bakehouse::node
