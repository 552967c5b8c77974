#include "buildpack/layer_cache.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "launch/launch_file.hh"
#include "tree/fast_hash.hh"
#include "tree/scan.hh"

#include <fmt/format.h>

#include <unistd.h>

namespace bakehouse::buildpack {
namespace {

using base::Dir;
using base::FileType;
using base::TreePath;

constexpr uint64_t largest_file = 1 << 25;

// Of an application there are two: the one in force, and one that is being made.
const char* const current = "current";
const char* const next = "next";

TreePath place(const char* which, const Buildpack& pack) {
  return TreePath::parse(which) / pack.escaped_id();
}

// Tells whether a file was written since. It is one stat call a file, where a digest would read it.
std::string fingerprint(const Dir& layer) {
  tree::ScanOptions options;
  options.content = tree::ScanOptions::Content::known;
  tree::Hasher128 hasher;
  for (const tree::Entry& entry : tree::scan(layer, options).manifest.entries) {
    hasher.update(fmt::format("{}\n{} {:o} {} {}.{} {}\n", entry.path.str(), static_cast<int>(entry.type),
                              entry.mode, entry.size, entry.time.seconds, entry.time.nanoseconds,
                              entry.link));
  }
  const tree::Hash128 hash = hasher.finish();
  return base::to_hex({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

void link_tree(const Dir& from, const Dir& to) {
  for (const std::string& name : from.names()) {
    const TreePath path = TreePath::parse(name);
    const auto found = from.stat(path);
    if (!found) continue;
    switch (found->type) {
      case FileType::directory:
        to.make_dir(path, 0700);
        link_tree(from.open_dir(path), to.open_dir(path));
        to.set_mode(path, found->mode);
        break;
      case FileType::symlink: to.make_symlink(from.read_link(path), path); break;
      case FileType::regular:
        if (::linkat(from.fd().get(), name.c_str(), to.fd().get(), name.c_str(), 0) != 0)
          base::fail_os("link", (from.path() / name).native());
        break;
      default: break;  // sockets and the like are of running programs
    }
  }
}

// The directory itself as well.
void link_layer(const Dir& from, const TreePath& source, const Dir& to, const TreePath& target) {
  to.make_dir(target, 0700);
  link_tree(from.open_dir(source), to.open_dir(target));
  to.set_mode(target, from.stat(source).value().mode);
}

void write(const Dir& dir, const TreePath& path, std::string_view content) {
  const base::Fd file = dir.create_file(path, 0644);
  base::write_all(file, content, path.str());
}

void copy_if_any(const Dir& from, const TreePath& source, const Dir& to, const TreePath& target) {
  if (from.exists(source)) write(to, target, from.read_file(source, largest_file));
}

void save_sboms(const Dir& cache, const TreePath& to, const std::vector<Sbom>& sboms) {
  if (sboms.empty()) return;
  cache.make_dir(to / "sbom", 0755);
  for (const Sbom& sbom : sboms) write(cache, to / "sbom" / sbom.file_name(), sbom.content);
}

}  // namespace

LayerCache::LayerCache(Dir cache, Warn warn) : cache_(std::move(cache)), warn_(std::move(warn)) {}

// Layers lie in `layers/`, all bills of materials in `sbom/`; beside them <layer>.toml holds the metadata,
// <layer>.stat says how the directory was when it was saved, and <layer>.restored that it comes back by
// itself.
bool LayerCache::is_intact(const TreePath& directory, const std::string& layer) const {
  const TreePath stat = directory / (layer + ".stat");
  if (!cache_.exists(stat)) return false;
  const auto there = cache_.open_dir_if_any(directory / "layers" / layer);
  return there && cache_.read_file(stat, largest_file) == fingerprint(*there);
}

void LayerCache::restore(const Dir& application, const Buildpack& pack) {
  const TreePath from = place(current, pack);
  const TreePath to = launch::layers_directory(pack.id);
  const auto saved = cache_.open_dir_if_any(from);
  if (!saved) return;
  copy_if_any(cache_, from / "store.toml", application, to / "store.toml");
  for (const std::string& file : saved->names()) {
    constexpr std::string_view suffix = ".toml";
    if (!file.ends_with(suffix) || file == "store.toml") continue;
    const std::string layer = file.substr(0, file.size() - suffix.size());
    // Not the metadata alone either: whoever finds them believes in the directory.
    if (!is_intact(from, layer)) {
      warn_(fmt::format("the cached layer '{}' of {} was changed since it was saved, and is built anew",
                        base::printable(layer), pack.id));
      continue;
    }
    if (cache_.exists(from / (layer + ".restored")))
      link_layer(cache_, from / "layers" / layer, application, to / layer);
    copy_if_any(cache_, from / file, application, to / file);
    for (const std::string_view extension : sbom_extensions(pack)) {
      const std::string sbom = Sbom{layer, std::string(extension), ""}.file_name();
      copy_if_any(cache_, from / "sbom" / sbom, application, to / sbom);
    }
  }
}

bool LayerCache::reuse(const Dir& application, const Buildpack& pack, const std::string& layer) {
  const TreePath from = place(current, pack);
  if (!is_intact(from, layer)) return false;
  link_layer(cache_, from / "layers" / layer, application, launch::layers_directory(pack.id) / layer);
  return true;
}

bool LayerCache::save_layer(const Dir& application, const Buildpack& pack, const BuiltLayer& layer) const {
  const TreePath from = launch::layers_directory(pack.id) / layer.name;
  const auto there = application.open_dir_if_any(from);
  if (!there) return false;
  const TreePath to = place(next, pack);
  const std::string now = fingerprint(*there);
  write(cache_, to / (layer.name + ".toml"), format_layer_metadata(layer.toml.metadata));
  write(cache_, to / (layer.name + ".stat"), now);
  if (layer.toml.cache) write(cache_, to / (layer.name + ".restored"), "");
  const TreePath known = place(current, pack);
  const TreePath stat = known / (layer.name + ".stat");
  if (cache_.exists(stat) && cache_.read_file(stat, largest_file) == now && is_intact(known, layer.name))
    return true;
  link_layer(application, from, cache_, to / "layers" / layer.name);
  return false;
}

void LayerCache::save(const Dir& application, const std::vector<BuiltPack>& all) {
  cache_.remove_tree(TreePath::parse(next));
  std::vector<std::pair<TreePath, TreePath>> unchanged;
  for (const BuiltPack& saved : all) {
    const TreePath to = place(next, *saved.pack);
    cache_.make_dirs(to / "layers", 0755);
    copy_if_any(application, launch::layers_directory(saved.pack->id) / "store.toml", cache_,
                to / "store.toml");
    save_sboms(cache_, to, saved.built->sboms);
    for (const BuiltLayer& layer : saved.built->all) {
      // For the build alone: the next one makes it again.
      const bool is_kept = layer.toml.cache || (layer.toml.launch && !layer.toml.build);
      if (is_kept && save_layer(application, *saved.pack, layer))
        unchanged.emplace_back(place(current, *saved.pack) / "layers" / layer.name,
                               to / "layers" / layer.name);
    }
  }
  // Moved at the very end. Whatever is cut off here is no longer as its <layer>.stat says, and not believed.
  for (const auto& [from, to] : unchanged) cache_.rename_new(from, to);
  cache_.make_dirs(TreePath::parse(current), 0755);
  cache_.exchange(TreePath::parse(current), TreePath::parse(next));
  cache_.remove_tree(TreePath::parse(next));
}

}  // namespace bakehouse::buildpack
