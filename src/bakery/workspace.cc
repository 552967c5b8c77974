#include "bakery/workspace.hh"

#include "base/error.hh"
#include "buildpack/layer_cache.hh"
#include "tree/remove.hh"
#include "tree/stat_index.hh"

namespace bakehouse::bakery {
namespace {

using base::Dir;
using base::Error;
using base::TreePath;

// In saves: those of the bakes before the last one are of no use.
constexpr uint32_t bakes_remembered = 2;

TreePath place_before() { return TreePath::parse(".bakehouse/build.before"); }

void take_layers(const node::Node& node, const Dir& tree) {
  try {
    buildpack::take_over_layers(node.root.state() / "cache", tree);
  } catch (const Error&) {
    // Then they are removed with it, and linked anew from the cache.
  }
}

std::optional<Dir> set_aside(const node::Node& node, const TreePath& build) {
  try {
    node.dir.rename_new(build, place_before());
    return node.dir.open_dir(place_before());
  } catch (const Error&) {
    // On another file system nothing of it could be linked either.
    node.dir.remove_tree(build);
    return std::nullopt;
  }
}

// Without it the next bake reads all files, and no more.
void save(const node::Node& node, tree::StatIndex& index, const std::filesystem::path& file) {
  try {
    index.save(file, bakes_remembered);
  } catch (const Error& error) {
    node.around.events({base::Event::Kind::warning, "fetch", error.what()});
  }
}

}  // namespace

Workspace make_workspace(const node::Node& node) {
  const TreePath& build = node.root.layout.build;
  node.dir.remove_tree(place_before());
  std::optional<Dir> before;
  if (const auto left = node.dir.open_dir_if_any(build)) {
    take_layers(node, *left);
    before = set_aside(node, build);
  }
  node.dir.make_dirs(build, 0755);
  return {node.dir.open_dir(build), std::move(before)};
}

source::Checkout check_out(const node::Node& node, const std::filesystem::path& source,
                           const Workspace& workspace) {
  const std::filesystem::path file = node.root.state() / "build.index";
  tree::StatIndex index = tree::StatIndex::load(file);
  // A file that loses its second name is another to an index that is not told.
  const auto remove = [&] { tree::remove_tree(node.dir, place_before(), index); };
  source::Earlier earlier{workspace.before ? &*workspace.before : nullptr, index, remove};
  source::Checkout checkout = source::check_out(source, workspace.tree, &earlier);
  remove();
  save(node, index, file);
  return checkout;
}

source::Checkout check_out(const node::Node& node,
                           const std::function<source::Checkout(const base::Dir& to)>& source,
                           const Workspace& workspace) {
  node.dir.remove_tree(place_before());
  return source(workspace.tree);
}

}  // namespace bakehouse::bakery
