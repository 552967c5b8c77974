#include "buildpack/mount_table.hh"

#include "base/files.hh"
#include "buildpack/room_targets.hh"

#include <cerrno>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include <sys/mount.h>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t largest_table = 16 << 20;

std::string_view next_word(std::string_view& rest, char end = ' ') {
  const size_t length = rest.find(end);
  const std::string_view word = rest.substr(0, length);
  rest.remove_prefix(length == std::string_view::npos ? rest.size() : length + 1);
  return word;
}

// The kernel writes blanks and the like as a backslash and three octal digits.
std::string unescape(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

unsigned long parse_flags(std::string_view options) {
  static const std::map<std::string_view, unsigned long> known = {
      {"ro", MS_RDONLY},         {"nosuid", MS_NOSUID},   {"nodev", MS_NODEV},
      {"noexec", MS_NOEXEC},     {"noatime", MS_NOATIME}, {"nodiratime", MS_NODIRATIME},
      {"relatime", MS_RELATIME},
  };
  unsigned long flags = 0;
  while (!options.empty()) {
    const auto found = known.find(next_word(options, ','));
    if (found != known.end()) flags |= found->second;
  }
  return flags;
}

// A line: id, parent, device, root in it, mount point, options, ...
Mounted parse_line(std::string_view line) {
  for (int skipped = 0; skipped < 4; ++skipped) next_word(line);
  Mounted mounted{unescape(next_word(line)), 0};
  mounted.flags = parse_flags(next_word(line));
  return mounted;
}

}  // namespace

std::vector<Mounted> mounts_at_and_below(const fs::path& path) {
  const std::string table = base::read_file("/proc/self/mountinfo", largest_table);
  std::string_view rest = table;
  Mounted holder{"/", 0};
  std::map<fs::path, unsigned long> below;
  while (!rest.empty()) {
    const Mounted mounted = parse_line(next_word(rest, '\n'));
    // Of several at one path the last is seen.
    if (is_within(path, mounted.at) && is_within(mounted.at, holder.at)) holder = mounted;
    if (mounted.at != path && is_within(mounted.at, path)) below[mounted.at] = mounted.flags;
  }
  std::vector<Mounted> found{{path, holder.flags}};
  for (const auto& [at, flags] : below) found.push_back({at, flags});
  return found;
}

bool kernel_changes_mounts_at_once() {
  // Too small an argument is what a kernel that knows the call complains of first.
  return ::mount_setattr(-1, "", 0, nullptr, 0) != 0 && errno == EINVAL;
}

}  // namespace bakehouse::buildpack
