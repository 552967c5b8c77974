#include "artifact/rules.hh"

#include "artifact/outward_links.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "tree/fast_hash.hh"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace bakehouse::artifact {
namespace {

using base::FileType;

constexpr uint32_t set_id_bits = 06000;
constexpr uint32_t sticky_bit = 01000;
constexpr uint32_t writable_by_others = 0022;

std::string fold_case(std::string_view path) {
  std::string folded(path);
  std::transform(folded.begin(), folded.end(), folded.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return folded;
}

// Of a file or directory. Links have no rights of their own.
std::optional<std::string> why_mode_forbidden(uint32_t mode) {
  if ((mode & set_id_bits) != 0) return "set-user-id and set-group-id bits are not allowed";
  if ((mode & sticky_bit) != 0) return "the sticky bit is not allowed";
  if ((mode & writable_by_others) != 0) {
    return fmt::format("others than its owner may write it (mode {:04o}), which is not allowed", mode);
  }
  return std::nullopt;
}

std::optional<std::string> why_forbidden(const tree::EntryList& entries, size_t i, bool leads_out) {
  const std::string_view path = entries.path(i);
  constexpr std::string_view reserved = ".bakehouse";
  if (fold_case(path.substr(0, reserved.size())) == reserved &&
      (path.size() == reserved.size() || path[reserved.size()] == '/')) {
    return "the name .bakehouse belongs to the release itself";
  }
  if (path.substr(path.rfind('/') + 1).starts_with(".wh."))
    return "container tools read names that begin with .wh. as deletions";
  if (leads_out)
    return fmt::format("the link leads out of the tree, to '{}'", base::printable(entries[i].link));
  return entries.type(i) == FileType::symlink ? std::nullopt : why_mode_forbidden(entries.mode(i));
}

struct Clash {
  size_t entry;
  size_t earlier;
};

// Names that differ by nothing but case, each with the first of its kind. Sorted by a hash of the name
// without case, because the names themselves would be compared, and folded, a dozen times each.
std::vector<Clash> find_clashes(const tree::EntryList& entries) {
  struct Name {
    uint64_t hash;
    size_t entry;
  };
  const auto folded = [&](size_t entry) { return fold_case(entries.path(entry)); };
  std::vector<Name> names;
  names.reserve(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) names.push_back({tree::hash64(folded(i)), i});
  std::ranges::sort(names, [&](const Name& a, const Name& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    return std::pair(folded(a.entry), a.entry) < std::pair(folded(b.entry), b.entry);
  });
  std::vector<Clash> clashes;
  for (size_t i = 1, first = 0; i < names.size(); ++i) {
    if (names[i].hash == names[first].hash && folded(names[i].entry) == folded(names[first].entry)) {
      clashes.push_back({names[i].entry, names[first].entry});
    } else {
      first = i;
    }
  }
  std::ranges::sort(clashes, {}, &Clash::entry);
  return clashes;
}

}  // namespace

std::vector<std::string> find_forbidden(const tree::Manifest& manifest) {
  const tree::EntryList& entries = manifest.entries;
  const auto shown = [&](size_t i) { return base::printable(entries.path(i)); };
  const std::vector<size_t> outward = find_outward_links(manifest);
  std::vector<std::string> faults;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (const auto reason = why_forbidden(entries, i, std::ranges::binary_search(outward, i)))
      faults.push_back(fmt::format("'{}': {}", shown(i), *reason));
  }
  for (const Clash& clash : find_clashes(entries)) {
    faults.push_back(fmt::format("'{}': where case does not count it clashes with '{}'", shown(clash.entry),
                                 shown(clash.earlier)));
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
  const tree::EntryList& entries = manifest.entries;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!entries.has_owner(i) && entries.time(i).nanoseconds == 0) continue;
    throw base::Error(base::Fault::input,
                      fmt::format("'{}': a release names no owners and knows whole seconds only",
                                  base::printable(entries.path(i))));
  }
}

}  // namespace bakehouse::artifact
