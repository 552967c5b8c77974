#include "tree/compare.hh"

#include "base/encoding.hh"
#include "tree/scan.hh"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace bakehouse::tree {
namespace {

using base::FileType;
using Kind = Difference::Kind;

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::missing: return "missing";
    case Kind::extra: return "not in the manifest";
    case Kind::type: return "another type";
    case Kind::mode: return "another mode";
    case Kind::content: return "another content";
    case Kind::link: return "another link target";
  }
  return "";
}

std::optional<Kind> first_difference(const Entry& expected, const Entry& found) {
  if (expected.type != found.type) return Kind::type;
  if (expected.mode != found.mode) return Kind::mode;
  if (expected.type == FileType::symlink && expected.link != found.link) return Kind::link;
  if (expected.type == FileType::regular && expected.digest != found.digest) return Kind::content;
  return std::nullopt;
}

}  // namespace

std::string Difference::describe() const {
  return fmt::format("{}: {}", name_of(kind), base::printable(path.str()));
}

std::vector<Difference> compare(const Manifest& expected, const Manifest& found) {
  std::vector<Difference> differences;
  auto there = found.entries.begin();
  for (const Entry& entry : expected.entries) {
    for (; there != found.entries.end() && there->path < entry.path; ++there) {
      differences.push_back({there->path, Kind::extra});
    }
    if (there == found.entries.end() || there->path != entry.path) {
      differences.push_back({entry.path, Kind::missing});
      continue;
    }
    if (const auto kind = first_difference(entry, *there)) differences.push_back({entry.path, *kind});
    ++there;
  }
  for (; there != found.entries.end(); ++there) differences.push_back({there->path, Kind::extra});
  return differences;
}

std::vector<Difference> compare_with_directory(const Manifest& expected, const base::Dir& dir) {
  ScanOptions options;
  options.excluded = [](const base::TreePath& path) { return path.str() == ".bakehouse"; };
  Scan found = scan(dir, options);
  std::vector<Difference> differences = compare(expected, found.manifest);
  for (auto& special : found.specials) differences.push_back({std::move(special), Kind::extra});
  return differences;
}

std::string describe(const std::vector<Difference>& differences) {
  constexpr size_t shown = 10;
  std::string text;
  for (size_t i = 0; i < std::min(shown, differences.size()); ++i)
    text += "  " + differences[i].describe() + "\n";
  if (differences.size() > shown) text += fmt::format("  and {} more\n", differences.size() - shown);
  return text;
}

}  // namespace bakehouse::tree
