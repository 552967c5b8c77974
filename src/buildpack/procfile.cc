#include "buildpack/procfile.hh"

#include "base/error.hh"
#include "text/document.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::buildpack {
namespace {

constexpr std::string_view type_characters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
constexpr std::string_view blanks = " \t\v\f";

}  // namespace

ProcessLines parse_procfile(std::string_view text, std::string_view name) {
  text::Document document(text, name);
  document.check_encoding();
  ProcessLines lines;
  size_t next = 0;
  for (size_t begin = 0; begin < text.size(); begin = next) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    next = end + 1;
    std::string_view line = text.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const size_t colon = std::min(line.find_first_not_of(type_characters), line.size());
    if (colon == 0 || line.substr(colon, 1) != ":") continue;
    const size_t command = line.find_first_not_of(blanks, colon + 1);
    if (command == std::string_view::npos) continue;
    const std::string type(line.substr(0, colon));
    if (std::ranges::any_of(lines, [&](const auto& known) { return known.first == type; }))
      document.fail(begin, fmt::format("the process '{}' stands there twice", type), "keep one");
    lines.emplace_back(type, line.substr(command));
  }
  return lines;
}

}  // namespace bakehouse::buildpack
