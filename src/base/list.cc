#include "base/list.hh"

#include "base/beneath.hh"
#include "base/fd.hh"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

#include <dirent.h>

namespace bakehouse::base {

std::optional<std::vector<std::string>> list(int dir) {
  // A fresh open: duplicates share the position of the listing.
  Fd own(::openat(dir, ".", directory_flags));
  if (!own) return std::nullopt;
  const std::unique_ptr<DIR, decltype([](DIR* open) { ::closedir(open); })> stream(::fdopendir(own.get()));
  if (!stream) return std::nullopt;
  own.release();  // the stream's now
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return std::nullopt;
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace bakehouse::base
