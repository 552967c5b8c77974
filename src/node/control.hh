// The processes of the release in service, by hand: started, stopped, started anew. Each waits for the switch
// lock as long as the node is patient.
#pragma once

#include "config/project.hh"
#include "node/node.hh"

#include <string>
#include <vector>

namespace bakehouse::node {

// The names of the services it has changed. `names` are processes or single instances; none mean all.
using Names = std::vector<std::string>;

// What runs already stays as it is. A supervisor begins in the background where none runs, after what was
// interrupted is recovered. Error(input) when nothing is deployed.
Names start_processes(const Node& node, const Names& names);
// Also those whose supervisor was killed. With no names a supervisor in the background ends as well.
Names stop_processes(const Node& node, const Names& names);
Names restart_processes(const Node& node, const Names& names);

// A supervisor in the background that runs what is deployed, if anything is. Error(locked) when one runs.
void serve_in_background(const Node& node);

// Whether a transaction is to leave the processes of such a release running where no supervisor runs yet.
bool wants_background(const Node& node, const config::ServiceSettings& services);
// Unless one runs, a supervisor begins in the background, which adopts what a killed one left.
void begin_supervisor(const Node& node);

}  // namespace bakehouse::node
