// The processes of the release in service, run in the foreground.
#pragma once

#include "node/node.hh"

namespace bakehouse::node {

// Recovers first, starts the processes of what is in run/ (or waits for a first apply), and stays
// until SIGINT or SIGTERM.
void serve(const Node& node);

}  // namespace bakehouse::node
