#include "bakery/try_pack.hh"

#include "base/dir.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "buildpack/build.hh"
#include "buildpack/buildpack.hh"
#include "source/source.hh"
#include "tree/scan.hh"

#include <fmt/format.h>

namespace bakehouse::bakery {
namespace {

namespace fs = std::filesystem;
using base::Dir;
using base::Error;
using base::Fault;
using base::TreePath;

// Where the tree is built, and where the programs see it and find it later.
const char* const tree_name = "build";
const char* const run_name = "run";
// Of what is thrown away: a path that is the same every time.
const char* const passing_root = "/try";

// Alone; and, where its plan needs others, beside the shipped ones that apply.
buildpack::Order order_of(const buildpack::Buildpack& pack,
                          const std::vector<buildpack::Buildpack>& shipped) {
  const buildpack::Reference itself{pack.id, pack.version, false, {}};
  buildpack::Order order{{itself}, {}};
  for (const auto& other : shipped) {
    if (other.id != pack.id) order.back().push_back({other.id, other.version, true, {}});
  }
  order.back().push_back(itself);
  return order;
}

buildpack::Store store_of(const buildpack::Buildpack& pack,
                          const std::vector<buildpack::Buildpack>& shipped) {
  buildpack::Store store;
  store.add(pack);
  for (const auto& other : shipped) store.add(other);
  if (pack.is_composite()) store.add_directory(pack.directory.parent_path());
  return store;
}

void add_environment(const Dir& tree, const fs::path& seen_at, const buildpack::BuiltPack& built,
                     Tried& tried) {
  const launch::LayerTree layers{tree, seen_at};
  const auto paths = [&](const std::vector<std::string>& names) {
    std::vector<TreePath> all;
    all.reserve(names.size());
    for (const std::string& name : names) all.push_back(launch::layers_directory(built.pack->id) / name);
    return all;
  };
  launch::apply_layers(layers, paths(built.built->build), launch::Phase::build, "", tried.for_build);
  launch::apply_layers(layers, paths(built.built->launch), launch::Phase::launch, "", tried.for_launch);
}

void note_layers(const Dir& tree, const fs::path& seen_at, const std::vector<buildpack::BuiltPack>& all,
                 Tried& tried) {
  tree::ScanOptions options;
  options.content = tree::ScanOptions::Content::known;
  for (const auto& built : all) {
    for (const auto& layer : built.built->all) {
      TriedLayer noted{
          built.pack->id, layer.name, layer.toml.build, layer.toml.launch, layer.toml.cache, 0, 0};
      const auto path = launch::layers_directory(built.pack->id) / layer.name;
      if (const auto there = tree.open_dir_if_any(path)) {
        const tree::Manifest manifest = tree::scan(*there, options).manifest;
        noted.entries = manifest.entries.size();
        noted.bytes = manifest.bytes();
      }
      tried.layers.push_back(std::move(noted));
    }
    add_environment(tree, seen_at, built, tried);
  }
}

void note_selection(const buildpack::Selection& selection, Tried& tried) {
  for (const auto* pack : selection.packs) tried.builders.push_back(pack->describe());
  for (const auto& dependency : selection.dependencies) {
    PlannedDependency planned{dependency.name, {}, dependency.requirements.size()};
    for (const size_t provider : dependency.providers)
      planned.providers.push_back(tried.builders.at(provider));
    tried.plan.push_back(std::move(planned));
  }
}

Tried try_in(const TryOptions& options, const Dir& root) {
  const buildpack::Buildpack pack = buildpack::load_buildpack(options.pack);
  const auto shipped = buildpack::shipped_buildpacks(options.shipped);
  const buildpack::Store store = store_of(pack, shipped);
  root.make_dir(TreePath::parse(tree_name), 0755);
  const Dir tree = root.open_dir(TreePath::parse(tree_name));
  source::check_out(options.application, tree);
  const base::TempDir scratch;
  const fs::path seen_root = options.keep ? root.path() : fs::path(passing_root);
  const buildpack::Site site({tree.path(),
                              seen_root,
                              seen_root / run_name,
                              scratch.path(),
                              {},
                              {},
                              options.events,
                              options.cancelled},
                             store);
  buildpack::Detection detection = buildpack::detect(order_of(pack, shipped), store, site);
  Tried tried;
  tried.answers = detection.answers;
  tried.lost = detection.lost;
  if (!detection.selection) return tried;
  note_selection(*detection.selection, tried);
  const auto note = [&](const auto& all) { note_layers(tree, site.application(), all, tried); };
  tried.launch = buildpack::build(*std::move(detection.selection), site, note).launch;
  return tried;
}

Dir make_kept(const fs::path& keep) {
  if (fs::exists(fs::symlink_status(keep))) {
    throw Error(Fault::input, fmt::format("'{}' is there already", base::printable(keep.native())),
                "name a directory that is to be made");
  }
  fs::create_directories(keep);
  return Dir::open(fs::canonical(keep));
}

}  // namespace

Tried try_buildpack(const TryOptions& options) {
  if (!options.keep) {
    const base::TempDir root;
    return try_in(options, Dir::open(fs::canonical(root.path())));
  }
  const Dir root = make_kept(*options.keep);
  Tried tried = try_in(options, root);
  root.rename_new(TreePath::parse(tree_name), TreePath::parse(run_name));
  return tried;
}

}  // namespace bakehouse::bakery
