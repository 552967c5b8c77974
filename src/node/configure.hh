// The files that templates of a release become on this node.
#pragma once

#include "base/dir.hh"
#include "base/process.hh"
#include "base/tree_path.hh"
#include "config/project.hh"
#include "node/configuration.hh"
#include "node/release_tree.hh"
#include "node/variables.hh"
#include "tree/entry.hh"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::node {

struct ConfiguredFile {
  base::TreePath from;  // the template, in the tree of the release
  tree::Entry entry;    // as run/ should hold it
  std::string content;
  std::filesystem::path target;  // outside of the root; empty for a file in run/
  bool has_sealed = false;
};

// From the templates of deploy/<id>/, in byte order of their paths. What is wrong with places in them goes to
// `faults`. `configuration` is what the deployment keeps, and `pillar` its values.
std::vector<ConfiguredFile> make_files(const Node& node, const std::string& deployment,
                                       const ReleaseTree& release, const Configuration& configuration,
                                       const config::Pillar& pillar, text::Diagnostics& faults);
// Error(input) for what would be made where something else belongs.
void check_files(const std::vector<ConfiguredFile>& files, const tree::Manifest& release,
                 const config::Project& project);
// Into the tree to run, over what it has there; done twice it changes nothing. What holds a secret is the
// user's who runs the processes, where that is somebody else.
void write_files(const std::vector<ConfiguredFile>& files, const base::Dir& tree,
                 const std::optional<base::Identity>& user);

// Beside the records of a deployment: which file was made of what, with which values, and which variables;
// what is sealed is masked.
void record_files(const Node& node, const std::string& deployment, const Configuration& configuration,
                  const std::vector<ConfiguredFile>& files, const std::vector<ProcessVariables>& variables);
// The paths in run/ of files that were made so.
std::set<base::TreePath> configured_paths(const Node& node, const std::string& deployment);

// What a deployment has written outside of the root.
struct WrittenTarget {
  std::filesystem::path target;
  std::string sha256;            // "" of what holds a sealed value
  std::optional<uint32_t> mode;  // versions before did not write it down

  // As far as anybody can tell.
  bool holds(std::string_view content) const;
};
// None for "".
std::vector<WrittenTarget> written_targets(const Node& node, const std::string& deployment);

}  // namespace bakehouse::node
