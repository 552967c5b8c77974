// The processes of a release as the supervisor is to run them.
#pragma once

#include "node/node.hh"
#include "node/release_tree.hh"
#include "service/spec.hh"

#include <string>
#include <vector>

namespace bakehouse::node {

// What every program of the project gets, and nothing else: PATH, HOME, LANG and the BAKEHOUSE_*
// words that hold in every phase.
std::vector<std::string> base_environment(const Node& node, const std::string& deployment,
                                          const std::string& version);

// Of the deployment that is (or is about to be) at run/.
std::vector<service::ServiceSpec> service_specs(const Node& node, const std::string& deployment);

}  // namespace bakehouse::node
