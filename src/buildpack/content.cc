#include "buildpack/content.hh"

#include "tree/scan.hh"

#include <algorithm>

namespace bakehouse::buildpack {
namespace {

using base::Dir;
using base::FileType;
using base::TreePath;

constexpr uint32_t executable_bits = 0111;

bool is_plain(const tree::Entry& entry) {
  return entry.type == FileType::regular && (entry.mode & executable_bits) == 0;
}

tree::Manifest look_at(const Dir& tree) {
  tree::ScanOptions options;
  options.content = tree::ScanOptions::Content::known;
  return tree::scan(tree, options).manifest;
}

// The directory of the buildpack that is recognised by this entry.
std::optional<TreePath> buildpack_of(const tree::Manifest& manifest, const tree::Entry& entry) {
  const TreePath directory = entry.path.parent();
  const auto name = entry.path.name();
  if (name == "buildpack.toml" || name == "extension.toml") return directory;
  // A classic one has nothing else to be known by.
  if (name != "compile" || directory.is_top() || directory.name() != "bin") return std::nullopt;
  if (!manifest.find(directory / "detect") || manifest.find(directory / "build")) return std::nullopt;
  return directory.parent();
}

std::vector<TreePath> find_in(const tree::Manifest& manifest) {
  std::vector<TreePath> found;
  for (const tree::Entry& entry : manifest.entries) {
    const auto place = buildpack_of(manifest, entry);
    if (!place) continue;
    const TreePath& directory = *place;
    // What holds it stands before it or, as a file of its own directory, behind.
    std::erase_if(found, [&](const TreePath& other) { return other.is_within(directory); });
    if (std::ranges::none_of(found, [&](const TreePath& other) { return directory.is_within(other); }))
      found.push_back(directory);
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace

crypto::Digest content_digest(const Dir& directory) {
  tree::ScanOptions options;
  options.excluded = [](const TreePath& path) { return path.name() == ".git"; };
  const tree::Manifest found = tree::scan(directory, options).manifest;
  tree::Manifest normal;
  for (tree::Entry entry : found.entries) {
    if (entry.type != FileType::symlink) entry.mode = is_plain(entry) ? 0644 : 0755;
    entry.time = 0;
    normal.entries.push_back(entry);
  }
  return crypto::sha256(tree::format_manifest(normal));
}

std::vector<TreePath> find_buildpacks(const Dir& tree) { return find_in(look_at(tree)); }

void restore_executable_bits(const Dir& tree) {
  const tree::Manifest manifest = look_at(tree);
  for (const TreePath& pack : find_in(manifest)) {
    const TreePath programs = pack / "bin";
    const auto lost_it = [&](std::string_view name) {
      const auto entry = manifest.find(programs / name);
      return entry && is_plain(*entry);
    };
    if (!lost_it("detect") && !lost_it("build")) continue;
    for (const tree::Entry& entry : manifest.entries) {
      if (entry.path.parent() == programs && is_plain(entry)) tree.set_mode(entry.path, 0755);
    }
  }
}

}  // namespace bakehouse::buildpack
