#include "artifact/rules.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace bakehouse::artifact {
namespace {

using base::FileType;
using tree::Entry;

constexpr uint32_t set_id_bits = 06000;

// By its text alone: how deep the link stands, less every "..", must never go below the top.
// A link through another link is followed by nobody here, so the text is all that counts.
bool leaves_tree(const Entry& entry) {
  if (entry.link.starts_with('/')) return true;
  auto depth = static_cast<std::ptrdiff_t>(entry.path.parts().size()) - 1;
  std::string_view rest = entry.link;
  while (!rest.empty()) {
    const size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    depth += part == ".." ? -1 : 1;
    if (depth < 0) return true;
  }
  return false;
}

std::optional<std::string> why_forbidden(const Entry& entry) {
  if (entry.path.str() == ".bakehouse" || entry.path.str().starts_with(".bakehouse/")) {
    return "the name .bakehouse belongs to the release itself";
  }
  if (entry.path.name().starts_with(".wh."))
    return "container tools read names that begin with .wh. as deletions";
  if (entry.type == FileType::symlink && leaves_tree(entry)) {
    return fmt::format("the link leads out of the tree, to '{}'", base::printable(entry.link));
  }
  if ((entry.mode & set_id_bits) != 0) return "set-user-id and set-group-id bits are not allowed";
  return std::nullopt;
}

std::string fold_case(std::string_view path) {
  std::string folded(path);
  std::transform(folded.begin(), folded.end(), folded.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return folded;
}

}  // namespace

std::vector<std::string> find_forbidden(const tree::Manifest& manifest) {
  std::vector<std::string> faults;
  std::map<std::string, const Entry*> by_folded_name;
  for (const Entry& entry : manifest.entries) {
    const std::string shown = base::printable(entry.path.str());
    if (const auto reason = why_forbidden(entry)) faults.push_back(fmt::format("'{}': {}", shown, *reason));
    const auto [other, is_new] = by_folded_name.try_emplace(fold_case(entry.path.str()), &entry);
    if (!is_new) {
      faults.push_back(fmt::format("'{}': where case does not count it clashes with '{}'", shown,
                                   base::printable(other->second->path.str())));
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

}  // namespace bakehouse::artifact
