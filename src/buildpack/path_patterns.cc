#include "buildpack/path_patterns.hh"

#include <algorithm>
#include <optional>
#include <string_view>

#include <fnmatch.h>

namespace bakehouse::buildpack {
namespace {

const std::string any_directories = "**";

// Blanks at the end count only behind a backslash.
void trim_end(std::string& line) {
  if (line.ends_with('\r')) line.pop_back();
  while (line.ends_with(' ') && !line.ends_with("\\ ")) line.pop_back();
}

// Neither dot files nor anything else is special within one part.
bool fits_part(const std::string& pattern, const std::string& part) {
  return ::fnmatch(pattern.c_str(), part.c_str(), 0) == 0;
}

// Only what the last "**" took is ever tried anew: an earlier one that took more could gain nothing. At the
// end it stands for what lies below a directory, never for the directory itself.
bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  size_t at = 0;
  std::optional<size_t> last_any;
  size_t taken = 0;  // up to where the last "**" reaches
  for (size_t part = 0; part < path.size();) {
    if (at < pattern.size() && pattern[at] == any_directories) {
      last_any = at++;
      taken = part;
    } else if (at < pattern.size() && fits_part(pattern[at], path[part])) {
      ++at;
      ++part;
    } else if (last_any) {
      at = *last_any + 1;
      part = ++taken;
    } else {
      return false;
    }
  }
  return at == pattern.size();
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const size_t end = text.find('/');
    std::string part(text.substr(0, end));
    // Two in a row would try every pair of places, to no effect.
    const bool is_again = part == any_directories && !parts.empty() && parts.back() == any_directories;
    if (!part.empty() && !is_again) parts.push_back(std::move(part));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

PathPatterns::Pattern PathPatterns::parse(std::string line) {
  Pattern pattern;
  pattern.negated = line.starts_with('!');
  if (pattern.negated) line.erase(0, 1);
  pattern.directories_only = line.ends_with('/');
  if (pattern.directories_only) line.pop_back();
  const bool is_anchored = line.find('/') != std::string::npos;
  pattern.parts = split(line);
  if (!is_anchored) pattern.parts.insert(pattern.parts.begin(), any_directories);
  return pattern;
}

PathPatterns::PathPatterns(const std::vector<std::string>& lines) {
  for (std::string line : lines) {
    trim_end(line);
    if (line.empty() || line.starts_with('#')) continue;
    Pattern pattern = parse(std::move(line));
    if (!pattern.parts.empty()) patterns_.push_back(std::move(pattern));
  }
}

bool PathPatterns::match(const base::TreePath& path, Is what) const {
  const auto views = path.parts();
  const std::vector<std::string> parts(views.begin(), views.end());
  const auto last = std::find_if(patterns_.rbegin(), patterns_.rend(), [&](const Pattern& pattern) {
    return (what == Is::directory || !pattern.directories_only) && fits(pattern.parts, parts);
  });
  return last != patterns_.rend() && !last->negated;
}

}  // namespace bakehouse::buildpack
