// What the files of a deployment are made with besides its release: the pillar of one environment, kept
// beside the records of each deployment, so that a rollback makes them again as they were.
#pragma once

#include "config/node_settings.hh"
#include "config/pillar.hh"
#include "node/node.hh"

#include <optional>
#include <string>
#include <vector>

namespace bakehouse::node {

struct Configuration {
  std::string environment;
  config::PillarFiles files;  // sealed values as they are
  std::vector<config::TargetFile> targets;
};
// What the operator has put there by now. As root nobody else may have written it.
Configuration present_configuration(const Node& node);
// Of a deployment; nullopt where no files were made, by a version that knew of no pillar or from an adopted
// tree.
std::optional<Configuration> kept_configuration(const Node& node, const std::string& deployment);
void keep_configuration(const Node& node, const std::string& deployment, const Configuration& configuration);

// Equal when the same values, or the same sealed bytes, count in the same environment. Error(input) for a
// pillar that cannot be read.
std::string digest_of(const Node& node, const Configuration& configuration);
// Whether a deployment would get now what it was made with.
bool is_as_kept(const Node& node, const std::string& deployment);
// As kept, else what the root is now.
std::string environment_of(const Node& node, const std::string& deployment);

// The values of a configuration that a deployment of `version` keeps, sealed ones opened.
config::Pillar open_pillar(const Node& node, const std::string& deployment,
                           const Configuration& configuration, const std::string& version);

}  // namespace bakehouse::node
