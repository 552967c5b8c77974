#include "buildpack/buildpack_list.hh"

#include "base/error.hh"
#include "text/decode.hh"
#include "text/document.hh"
#include "text/json.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::buildpack {
namespace {

using text::Diagnostics;
using text::Value;

bool is_archive(std::string_view url) {
  url = url.substr(0, url.find('?'));
  const auto ends = [&](std::string_view suffix) { return url.ends_with(suffix); };
  return ends(".tar") || ends(".tgz") || ends(".tar.gz") || ends(".tar.xz") || ends(".tar.zst") ||
         ends(".cnb");
}

// There a URL is a repository unless it is an archive; "urn:buildpack:ID" is one that a platform knows.
std::string to_source_name(std::string_view written) {
  constexpr std::string_view known = "urn:buildpack:";
  if (written.starts_with(known)) return std::string(written.substr(known.size()));
  const std::string_view url = written.substr(0, written.find('#'));
  for (const std::string_view scheme : {"https://", "http://", "file://"}) {
    if (!url.starts_with(scheme)) continue;
    if (!is_archive(url)) return fmt::format("git+{}", written);
    return std::string(scheme == "file://" ? written.substr(scheme.size()) : written);
  }
  return std::string(written);
}

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view blanks = " \t\r\v\f";
  const size_t begin = line.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(blanks) - begin + 1);
}

}  // namespace

std::vector<std::string> parse_buildpack_list(std::string_view text, std::string_view name) {
  text::Document(text, name).check_encoding();
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::string_view line = trimmed(text.substr(0, text.find('\n')));
    text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    if (!line.empty() && !line.starts_with('#')) names.push_back(to_source_name(line));
  }
  return names;
}

std::vector<std::string> parse_app_json(std::string_view json, std::string_view name) {
  const Value document = text::parse_json(json, name);
  std::vector<std::string> names;
  const Value* list = document.find("buildpacks");
  if (list == nullptr || list->is_null()) return names;
  Diagnostics faults;
  if (!list->is_list())
    faults.add(list->origin(), fmt::format("'buildpacks' is {} instead of a list", list->kind_name()));
  for (const Value& item : list->items()) {
    const Value* url = item.find("url");
    if (url == nullptr) {
      faults.add(item.origin(), "a buildpack has no 'url'");
    } else if (const auto written = text::as_text(*url, "'url'", faults)) {
      names.push_back(to_source_name(*written));
    }
  }
  faults.throw_if_any();
  return names;
}

}  // namespace bakehouse::buildpack
