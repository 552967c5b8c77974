// Running the hooks of a deployment, from its pristine tree.
#pragma once

#include "node/node.hh"
#include "node/release_tree.hh"
#include "phase/journal.hh"

#include <filesystem>
#include <string>
#include <vector>

namespace bakehouse::node {

struct HookCall {
  std::string phase;
  std::string owner;             // the deployment whose hooks run
  const ReleaseTree& release;    // its
  std::string deployment;        // the one this transaction makes
  std::string previous_version;  // "" when there is none
  std::filesystem::path directory;
  base::TreePath backup;
};
// Nothing happens when the release has no such hook. `journal` is null outside a transaction.
// `around` is the node's, or what an undo was given.
void run_phase_hooks(const Node& node, const HookCall& call, phase::Journal* journal,
                     const phase::Surroundings& around);

// As long as a hook that is not root's runs, he finds his way to the dumps in the backup. What was killed
// meanwhile has left it open.
void close_way_to_dumps(const Node& node, const base::TreePath& backup);

// By which what hooks and checks of any transaction of this node have started is known again. The hooks of a
// bake have no deployment.
std::vector<std::string> hook_marks(const Node& node);

}  // namespace bakehouse::node
