// The logs of processes that no supervisor minds.
#pragma once

#include "node/node.hh"

namespace bakehouse::node {

// Keeps those of the deployment in service within `log-size` and `log-keep`. One that cannot be kept short is
// told of, and stays.
void shorten_logs(const Node& node);

}  // namespace bakehouse::node
