#include "base/list.hh"

#include <algorithm>
#include <cerrno>
#include <string_view>

#include <dirent.h>
#include <unistd.h>

namespace bakehouse::base {
namespace {

void take_names(const char* from, const char* end, std::vector<std::string>& names) {
  while (from < end) {
    const auto* const entry = reinterpret_cast<const dirent64*>(from);
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    from += entry->d_reclen;
  }
}

}  // namespace

std::optional<std::vector<std::string>> list(int dir) {
  if (::lseek(dir, 0, SEEK_SET) != 0) return std::nullopt;
  std::vector<std::string> names;
  alignas(dirent64) char buffer[64 * 1024];
  for (;;) {
    const ssize_t count = ::getdents64(dir, buffer, sizeof buffer);
    if (count < 0) return std::nullopt;
    if (count == 0) break;
    take_names(buffer, buffer + count, names);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace bakehouse::base
