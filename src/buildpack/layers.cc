#include "buildpack/layers.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "buildpack/find_links.hh"
#include "buildpack/layer_toml.hh"
#include "buildpack/limits.hh"
#include "launch/launch_file.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace bakehouse::buildpack {
namespace {

using base::Error;
using base::Fault;
using base::TreePath;

constexpr std::string_view toml_suffix = ".toml";

// nullopt for launch.toml, build.toml, store.toml, and what is no TOML file at all.
std::optional<std::string> layer_of(const std::string& file) {
  if (!file.ends_with(toml_suffix) || file.size() == toml_suffix.size()) return std::nullopt;
  std::string layer = file.substr(0, file.size() - toml_suffix.size());
  if (!why_no_layer_name(layer).empty()) return std::nullopt;
  return layer;
}

bool has_directory(const base::Dir& application, const TreePath& layer) {
  const auto found = application.stat(layer);
  if (!found) return false;
  if (found->type == base::FileType::directory) return true;
  throw Error(Fault::input, fmt::format("'{}' is no directory", base::printable(layer.str())));
}

void take_layer(const base::Dir& application, const TreePath& directory, const std::string& name,
                const std::function<bool(const std::string&)>& reuse, BuiltLayers& built) {
  const std::string file = name + std::string(toml_suffix);
  const LayerToml toml =
      parse_layer_toml(application.read_file(directory / file, largest_toml), base::printable(file));
  const bool is_there = has_directory(application, directory / name);
  if (toml.is_ignored()) {
    if (is_there) application.rename_new(directory / name, directory / (name + ".ignore"));
    return;
  }
  const bool is_reused = toml.launch && !is_there && reuse(name);
  if (toml.launch && !is_there && !is_reused) {
    throw Error(Fault::input,
                fmt::format("the layer '{}' is to be launched and has no directory", base::printable(name)));
  }
  if (toml.build && (is_there || is_reused)) built.build.push_back(name);
  if (toml.launch) built.launch.push_back(name);
  built.all.push_back({name, toml});
}

// None where it is no directory.
std::vector<std::string> names_in(const base::Dir& application, const TreePath& directory) {
  const auto opened = application.open_dir_if_any(directory);
  return opened ? opened->names() : std::vector<std::string>();
}

}  // namespace

BuiltLayers take_layers(const base::Dir& application, const Buildpack& pack,
                        const std::function<bool(const std::string&)>& reuse) {
  const TreePath directory = launch::layers_directory(pack.id);
  BuiltLayers built;
  for (const std::string& file : application.open_dir(directory).names()) {
    if (const auto layer = layer_of(file)) take_layer(application, directory, *layer, reuse, built);
  }
  // "a-b.toml" stands before "a.toml", and "a" before "a-b".
  std::ranges::sort(built.build);
  std::ranges::sort(built.launch);
  return built;
}

void make_links_relative(const base::Dir& application, const std::filesystem::path& seen_at) {
  for (const TreePath& link : find_links(application)) {
    const auto target = std::filesystem::path(application.read_link(link)).lexically_normal();
    if (target.is_relative()) continue;
    const auto inside = target.lexically_relative(seen_at);
    if (inside.empty() || *inside.begin() == "..") continue;
    const auto from = seen_at / link.parent().str();
    application.remove_file(link);
    application.make_symlink(target.lexically_relative(from).native(), link);
  }
}

void keep_launched(const base::Dir& application, const std::vector<BuiltPack>& all,
                   const std::function<bool(const TreePath& layer)>& set_aside) {
  std::map<std::string, const BuiltLayers*> packs;  // by directory
  for (const auto& [pack, built] : all) packs[pack->escaped_id()] = built;
  const TreePath top = launch::all_layers_directory();
  bool is_any_launched = false;
  for (const std::string& directory : names_in(application, top)) {
    const auto pack = packs.find(directory);
    const auto is_launched = [&](const std::string& name) {
      return pack != packs.end() && std::ranges::binary_search(pack->second->launch, name);
    };
    bool is_any_here = false;
    for (const std::string& name : names_in(application, top / directory)) {
      const TreePath layer = top / directory / name;
      if (is_launched(name)) {
        is_any_here = true;
      } else if (!set_aside(layer)) {
        application.remove_tree(layer);
      }
    }
    if (!is_any_here) application.remove_tree(top / directory);
    is_any_launched = is_any_launched || is_any_here;
  }
  if (!is_any_launched) application.remove_tree(top);
}

}  // namespace bakehouse::buildpack
