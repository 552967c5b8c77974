// The files that templates of a release become on this node.
#pragma once

#include "base/dir.hh"
#include "base/process.hh"
#include "base/tree_path.hh"
#include "config/project.hh"
#include "node/configuration.hh"
#include "node/release_tree.hh"
#include "tree/entry.hh"

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace bakehouse::node {

struct ConfiguredFile {
  base::TreePath from;  // the template, in the tree of the release
  tree::Entry entry;    // as run/ should hold it
  std::string content;
  std::filesystem::path target;  // outside of the root; empty for a file in run/
  bool has_sealed = false;
};

// From the templates of deploy/<id>/, in byte order of their paths. Error(input) with all faults of all of
// them. `configuration` is what the deployment keeps.
std::vector<ConfiguredFile> make_files(const Node& node, const std::string& deployment,
                                       const ReleaseTree& release, const Configuration& configuration);
// Error(input) for what would be made where something else belongs.
void check_files(const std::vector<ConfiguredFile>& files, const tree::Manifest& release,
                 const config::Project& project);
// Into the tree to run, over what it has there; done twice it changes nothing. What holds a secret is the
// user's who runs the processes, where that is somebody else.
void write_files(const std::vector<ConfiguredFile>& files, const base::Dir& tree,
                 const std::optional<base::Identity>& user);

// Beside the records of a deployment: which file was made of what, with which values; sealed ones are masked.
void record_files(const Node& node, const std::string& deployment, const Configuration& configuration,
                  const std::vector<ConfiguredFile>& files);
// The paths in run/ of files that were made so.
std::set<base::TreePath> configured_paths(const Node& node, const std::string& deployment);

}  // namespace bakehouse::node
