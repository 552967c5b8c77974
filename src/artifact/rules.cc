#include "artifact/rules.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace bakehouse::artifact {
namespace {

using base::FileType;
using tree::Entry;

constexpr uint32_t set_id_bits = 06000;

std::string fold_case(std::string_view path) {
  std::string folded(path);
  std::transform(folded.begin(), folded.end(), folded.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return folded;
}

using Parts = std::vector<std::string>;

// Behind what is there, its first part last.
void append_reversed(Parts& ahead, std::string_view target) {
  for (size_t end = target.size();;) {
    const size_t slash = target.substr(0, end).rfind('/');
    const size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
    ahead.emplace_back(target.substr(begin, end - begin));
    if (slash == std::string_view::npos) return;
    end = slash;
  }
}

std::optional<Entry> find_link(const tree::Manifest& manifest, const Parts& place) {
  auto entry = manifest.find(fmt::format("{}", fmt::join(place, "/")));
  if (!entry || entry->type != FileType::symlink) return std::nullopt;
  return entry;
}

// Follows every link on the way, as the kernel would: ".." behind a name that is itself a link
// leads elsewhere than its text says.
bool leaves_tree(const tree::Manifest& manifest, const Entry& link) {
  constexpr int most_links = 40;  // the kernel gives up here
  Parts place;
  for (const std::string_view part : link.path.parts()) place.emplace_back(part);
  Parts ahead;
  std::optional<Entry> followed = link;
  for (int count = 1; count <= most_links; ++count) {
    if (followed->link.starts_with('/')) return true;
    place.pop_back();
    append_reversed(ahead, followed->link);
    for (followed.reset(); !followed && !ahead.empty();) {
      const std::string part = std::move(ahead.back());
      ahead.pop_back();
      if (part.empty() || part == ".") continue;
      if (part == ".." && place.empty()) return true;
      if (part == "..") {
        place.pop_back();
      } else {
        place.push_back(part);
        followed = find_link(manifest, place);
      }
    }
    if (!followed) return false;
  }
  return false;
}

std::optional<std::string> why_forbidden(const tree::Manifest& manifest, const Entry& entry) {
  const std::string folded = fold_case(entry.path.str());
  if (folded == ".bakehouse" || folded.starts_with(".bakehouse/")) {
    return "the name .bakehouse belongs to the release itself";
  }
  if (entry.path.name().starts_with(".wh."))
    return "container tools read names that begin with .wh. as deletions";
  if (entry.type == FileType::symlink && leaves_tree(manifest, entry)) {
    return fmt::format("the link leads out of the tree, to '{}'", base::printable(entry.link));
  }
  if ((entry.mode & set_id_bits) != 0) return "set-user-id and set-group-id bits are not allowed";
  return std::nullopt;
}

}  // namespace

std::vector<std::string> find_forbidden(const tree::Manifest& manifest) {
  std::vector<std::string> faults;
  std::map<std::string, std::string> by_folded_name;
  for (const Entry& entry : manifest.entries) {
    const std::string shown = base::printable(entry.path.str());
    if (const auto reason = why_forbidden(manifest, entry))
      faults.push_back(fmt::format("'{}': {}", shown, *reason));
    const auto [other, is_new] = by_folded_name.try_emplace(fold_case(entry.path.str()), entry.path.str());
    if (!is_new) {
      faults.push_back(fmt::format("'{}': where case does not count it clashes with '{}'", shown,
                                   base::printable(other->second)));
    }
  }
  return faults;
}

void require_allowed(const tree::Manifest& manifest) {
  constexpr size_t shown = 20;
  const auto faults = find_forbidden(manifest);
  if (faults.empty()) return;
  std::string message = "the tree holds what no release may hold:";
  for (size_t i = 0; i < std::min(shown, faults.size()); ++i) message += "\n  " + faults[i];
  if (faults.size() > shown) message += fmt::format("\n  and {} more", faults.size() - shown);
  throw base::Error(base::Fault::input, message);
}

void require_release_fields(const tree::Manifest& manifest) {
  for (const Entry& entry : manifest.entries) {
    if (!entry.owner && entry.time.nanoseconds == 0) continue;
    throw base::Error(base::Fault::input,
                      fmt::format("'{}': a release names no owners and knows whole seconds only",
                                  base::printable(entry.path.str())));
  }
}

}  // namespace bakehouse::artifact
