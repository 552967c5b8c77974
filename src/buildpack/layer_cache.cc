#include "buildpack/layer_cache.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "launch/launch_file.hh"

#include <fmt/format.h>

#include <cstdio>

namespace bakehouse::buildpack {
namespace {

using base::Dir;
using base::TreePath;

constexpr uint64_t largest_file = 1 << 25;

// Of an application there are two: the one in force, and one that is being made.
const char* const current = "current";
const char* const next = "next";
// What was taken over of trees.
const char* const spare = "spare";

TreePath place(const char* which, const Buildpack& pack) {
  return TreePath::parse(which) / pack.escaped_id();
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

// A whole directory; false where that is not possible or something is in the way.
bool move(const Dir& from, const TreePath& source, const Dir& to, const TreePath& target) {
  const Dir source_holder = from.open_dir(source.parent());
  const Dir target_holder = to.open_dir(target.parent());
  return ::renameat2(source_holder.fd().get(), std::string(source.name()).c_str(), target_holder.fd().get(),
                     std::string(target.name()).c_str(), RENAME_NOREPLACE) == 0;
}

}  // namespace

LayerCache::LayerCache(Dir cache, Warn warn) : cache_(std::move(cache)), warn_(std::move(warn)) {}

// Layers lie in `layers/`, all bills of materials in `sbom/`; beside them <layer>.toml holds the metadata,
// <layer>.stat says how the directory was when it was saved, and <layer>.restored that it comes back by
// itself.
const LayerCache::Saved* LayerCache::find_whole(const Buildpack& pack, const std::string& layer) {
  const TreePath from = place(current, pack);
  const TreePath saved = from / "layers" / layer;
  const TreePath stat = from / (layer + ".stat");
  if (const auto known = whole_.find(saved); known != whole_.end()) return &known->second;
  if (!cache_.exists(stat)) return nullptr;
  const std::string fingerprint = cache_.read_file(stat, largest_file);
  for (const TreePath& directory : {place(spare, pack) / layer, saved}) {
    const auto there = cache_.open_dir_if_any(directory);
    if (!there) continue;
    SeenLayer seen = look_at_layer(*there);
    if (seen.fingerprint != fingerprint) continue;
    Saved found{directory, std::move(seen)};
    return &whole_.emplace(saved, std::move(found)).first->second;
  }
  return nullptr;
}

void LayerCache::put(const Saved& saved, const Dir& application, const TreePath& to) const {
  const bool is_spare = saved.directory.is_within(TreePath::parse(spare));
  if (is_spare && move(cache_, saved.directory, application, to)) return;
  const Dir from = cache_.open_dir(saved.directory);
  application.make_dir(to, 0700);
  link_layer(from, saved.seen, application.open_dir(to));
  application.set_mode(to, base::stat_of(from.fd(), from.path().native()).mode);
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
    const Saved* const whole = find_whole(pack, layer);
    // Not the metadata alone either: whoever finds them believes in the directory.
    if (whole == nullptr) {
      warn_(fmt::format("the cached layer '{}' of {} was changed since it was saved, and is built anew",
                        base::printable(layer), pack.id));
      continue;
    }
    if (cache_.exists(from / (layer + ".restored"))) put(*whole, application, to / layer);
    copy_if_any(cache_, from / file, application, to / file);
    for (const std::string_view extension : sbom_extensions(pack)) {
      const std::string sbom = Sbom{layer, std::string(extension), ""}.file_name();
      copy_if_any(cache_, from / "sbom" / sbom, application, to / sbom);
    }
  }
}

bool LayerCache::reuse(const Dir& application, const Buildpack& pack, const std::string& layer) {
  const Saved* const whole = find_whole(pack, layer);
  if (whole == nullptr) return false;
  put(*whole, application, launch::layers_directory(pack.id) / layer);
  return true;
}

bool LayerCache::set_aside(const Dir& tree, const TreePath& layer) const {
  const std::string id(layer.parent().name());
  const std::string name(layer.name());
  if (!cache_.exists(TreePath::parse(current) / id / (name + ".stat"))) return false;
  const TreePath to = TreePath::parse(spare) / id;
  cache_.make_dirs(to, 0700);
  return move(tree, layer, cache_, to / name);
}

bool LayerCache::save_layer(const Dir& application, const Buildpack& pack, const BuiltLayer& layer) const {
  const TreePath from = launch::layers_directory(pack.id) / layer.name;
  const auto there = application.open_dir_if_any(from);
  if (!there) return false;
  const TreePath to = place(next, pack);
  const SeenLayer seen = look_at_layer(*there);
  write(cache_, to / (layer.name + ".toml"), format_layer_metadata(layer.toml.metadata));
  write(cache_, to / (layer.name + ".stat"), seen.fingerprint);
  if (layer.toml.cache) write(cache_, to / (layer.name + ".restored"), "");
  // Not looked at again since it was found whole: whatever happened to it meanwhile the next build will see.
  const TreePath known = place(current, pack) / "layers" / layer.name;
  const auto whole = whole_.find(known);
  if (whole != whole_.end() && whole->second.seen.fingerprint == seen.fingerprint && cache_.exists(known))
    return true;
  const TreePath saved = to / "layers" / layer.name;
  cache_.make_dir(saved, 0700);
  link_layer(*there, seen, cache_.open_dir(saved));
  cache_.set_mode(saved, base::stat_of(there->fd(), there->path().native()).mode);
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
  cache_.remove_tree(TreePath::parse(spare));
}

void take_over_layers(const std::filesystem::path& cache, const Dir& tree) {
  if (!std::filesystem::is_directory(cache)) return;
  const LayerCache keeper(Dir::open(cache), [](const auto&) {});
  const TreePath top = launch::all_layers_directory();
  const auto layers = tree.open_dir_if_any(top);
  if (!layers) return;
  for (const std::string& id : layers->names()) {
    const auto of_pack = layers->open_dir_if_any(TreePath::parse(id));
    if (!of_pack) continue;
    for (const std::string& name : of_pack->names()) keeper.set_aside(tree, top / id / name);
  }
}

}  // namespace bakehouse::buildpack
