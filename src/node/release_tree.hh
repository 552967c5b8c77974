// A release as it lies on disk: a deployed tree with its `.bakehouse/`, and what configuration
// makes of it.
#pragma once

#include "artifact/release_info.hh"
#include "base/dir.hh"
#include "config/project.hh"
#include "launch/launch_file.hh"
#include "node/node.hh"
#include "tree/manifest.hh"
#include "tree/stat_index.hh"

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::node {

struct ReleaseTree {
  artifact::ReleaseInfo info;
  tree::Manifest manifest;
  crypto::Digest manifest_digest;
  launch::LaunchFile launch;
};
// Of a tree that an administrator took over from somewhere else: its kind in the history, and the kind of its
// source. Nobody has signed it, and no program of it is run.
constexpr std::string_view adopted_kind = "adopt";
bool is_adopted(const artifact::ReleaseInfo& info);
// Reads deploy/<id>/.bakehouse/ and checks that its parts belong to each other.
ReleaseTree read_release(const Node& node, const std::string& id);
// The same but for the manifest, which stays empty, with its digest.
ReleaseTree read_release_without_manifest(const Node& node, const std::string& id);
// Error(refused) unless deploy/<id>/ is, byte for byte, what its manifest says.
void require_intact(const Node& node, const std::string& id, const tree::Manifest& manifest,
                    tree::StatIndex& index);

// The project file of the release with this node's configuration and `settings` over it.
text::Value merge_configuration(const Node& node, const std::string& id,
                                const std::vector<std::string>& settings);
// What was in force when the deployment was configured: as it was written, and decoded.
text::Value read_merged_configuration(const Node& node, const std::string& id);
config::Project read_configuration(const Node& node, const std::string& id);

// Keeps what is in force for the deployment, and the manifest of what run/ should hold.
void write_configuration(const Node& node, const std::string& id, const text::Value& merged,
                         const tree::Manifest& expected);

// What run/ holds once the data links are in place, and the files that were configured.
tree::Manifest expected_manifest(const tree::Manifest& release, const std::vector<config::DataLink>& links,
                                 const config::Layout& layout, const std::vector<tree::Entry>& configured);
// The text of the link at `link.in_run`: relative, so that it reads the same beside run/.
std::string data_link_target(const config::DataLink& link, const config::Layout& layout);

}  // namespace bakehouse::node
