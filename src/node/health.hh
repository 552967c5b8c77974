// The gate: whether what was started does its work.
#pragma once

#include "config/project.hh"
#include "node/node.hh"
#include "service/driver.hh"

#include <string>
#include <vector>

namespace bakehouse::node {

// Returns when every check of the deployment in run/ has succeeded as often and as long as it must, and no
// process has ended since it was started. Otherwise an Error(build) with the last reason. What a check leaves
// running is ended. `around` is the node's, or what an undo was given.
void require_health(const Node& node, const std::string& deployment, const std::string& version,
                    service::ServiceDriver& services, const phase::Surroundings& around);

}  // namespace bakehouse::node
