#include "node/release_tree.hh"

#include "artifact/metadata.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "config/merge.hh"
#include "text/yaml.hh"
#include "tree/diff.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace bakehouse::node {
namespace {

using base::Error;
using base::Fault;
using base::TreePath;

}  // namespace

bool is_adopted(const artifact::ReleaseInfo& info) { return info.source_kind == adopted_kind; }

ReleaseTree read_release_without_manifest(const Node& node, const std::string& id) {
  const base::Dir dir = node.dir.open_dir(places_of(node.root.layout, id).tree);
  return base::with_context(fmt::format("the deployment {}", id), [&] {
    ReleaseTree release;
    release.info = artifact::decode_release(
        dir.read_file(artifact::metadata_path() / "release.json", artifact::largest_part));
    release.manifest_digest = release.info.manifest.digest;
    for (const auto& [name, part] : release.info.parts) {
      const std::string content = dir.read_file(artifact::metadata_path() / name, artifact::largest_part);
      if (crypto::sha256(content) != part.digest) {
        throw Error(Fault::refused, fmt::format("its '{}' is not the one that its release.json names",
                                                base::printable(name)));
      }
      if (name == "launch.json") release.launch = launch::parse_launch(content, name);
    }
    return release;
  });
}

ReleaseTree read_release(const Node& node, const std::string& id) {
  ReleaseTree release = read_release_without_manifest(node, id);
  const base::Dir dir = node.dir.open_dir(places_of(node.root.layout, id).tree);
  return base::with_context(fmt::format("the deployment {}", id), [&] {
    const std::string manifest =
        dir.read_file(artifact::metadata_path() / "manifest", artifact::largest_manifest);
    if (crypto::sha256(manifest) != release.manifest_digest)
      throw Error(Fault::refused, "its manifest is not the one that its release.json names");
    release.manifest = tree::parse_manifest(manifest, "manifest");
    return std::move(release);
  });
}

void require_intact(const Node& node, const std::string& id, const tree::Manifest& manifest,
                    tree::StatIndex& index) {
  const auto differences =
      tree::diff_with_directory(manifest, node.dir.open_dir(places_of(node.root.layout, id).tree), {&index});
  if (differences.empty()) return;
  throw Error(Fault::refused,
              fmt::format("the deployment {} is no longer what its manifest says:\n{}", id,
                          tree::describe(differences)),
              "apply its archive again, if it has one");
}

text::Value merge_configuration(const Node& node, const std::string& id,
                                const std::vector<std::string>& settings) {
  const TreePath file = places_of(node.root.layout, id).tree / ".bakehouse/bake.yaml";
  config::Sources sources;
  sources.project_file = node.dir.read_file(file, artifact::largest_part);
  sources.node_file = node.root.path / "node.yaml";
  sources.settings = settings;
  config::load_project(sources);  // lists the faults, if there are any
  return config::merge_sources(sources);
}

text::Value read_merged_configuration(const Node& node, const std::string& id) {
  const TreePath file = places_of(node.root.layout, id).records / "config.yaml";
  return text::parse_yaml(node.dir.read_file(file, artifact::largest_part), "config.yaml");
}

void write_configuration(const Node& node, const std::string& id, const text::Value& merged,
                         const tree::Manifest& expected) {
  const TreePath records = places_of(node.root.layout, id).records;
  node.dir.make_dirs(records, 0755);
  base::write_file(node.root.at(records) / "config.yaml", text::to_yaml(merged), 0640);
  base::write_file(node.root.at(records) / "expected", tree::format_manifest(expected), 0644);
}

config::Project read_configuration(const Node& node, const std::string& id) {
  text::Diagnostics faults;
  auto project = config::decode_project(read_merged_configuration(node, id), faults);
  faults.throw_if_any();
  return project;
}

std::string data_link_target(const config::DataLink& link, const config::Layout& layout) {
  std::string target;
  // As deep as the directory that holds the links, wherever that is.
  const size_t depth = layout.run_is_link() ? layout.runs.parts().size() + 1 : layout.run.parts().size();
  const size_t levels = depth + link.in_run.parts().size() - 1;
  for (size_t i = 0; i < levels; ++i) target += "../";
  return target + (layout.data / link.in_data.str()).str();
}

tree::Manifest expected_manifest(const tree::Manifest& release, const std::vector<config::DataLink>& links,
                                 const config::Layout& layout, const std::vector<tree::Entry>& configured) {
  std::map<TreePath, tree::Entry> added;  // links and files, and the directories on the way to them
  const auto add_parents = [&](const TreePath& path) {
    for (TreePath parent = path.parent(); !parent.is_top(); parent = parent.parent()) {
      if (release.find(parent) || added.contains(parent)) continue;
      tree::Entry& directory = added[parent];
      directory.path = parent;
      directory.type = base::FileType::directory;
      directory.mode = 0755;
    }
  };
  for (const config::DataLink& link : links) {
    tree::Entry& entry = added[link.in_run];
    entry.path = link.in_run;
    entry.type = base::FileType::symlink;
    entry.mode = 0777;
    entry.link = data_link_target(link, layout);
    add_parents(link.in_run);
  }
  for (const tree::Entry& entry : configured) {
    added[entry.path] = entry;
    add_parents(entry.path);
  }
  const auto is_replaced = [&](const TreePath& path) {
    return added.contains(path) || std::any_of(links.begin(), links.end(),
                                               [&](const auto& link) { return path.is_within(link.in_run); });
  };
  tree::Manifest expected;
  auto next = added.begin();
  for (const tree::Entry& entry : release.entries) {
    for (; next != added.end() && next->first < entry.path; ++next) expected.entries.push_back(next->second);
    if (!is_replaced(entry.path)) expected.entries.push_back(entry);
  }
  for (; next != added.end(); ++next) expected.entries.push_back(next->second);
  return expected;
}

}  // namespace bakehouse::node
