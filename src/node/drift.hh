// What has become of run/ since it was put into service. A deployment would leave such changes behind, so
// somebody has to say that it may.
#pragma once

#include "node/apply.hh"
#include "node/node.hh"
#include "tree/diff.hh"
#include "tree/manifest.hh"
#include "tree/stat_index.hh"

#include <string>
#include <vector>

namespace bakehouse::node {

// What run/ holds of `deployment`, compared with what it should hold; but for what the application may write.
// Files that the kernel says are unchanged since they were read last are not read again.
std::vector<tree::Difference> find_drift(const Node& node, const std::string& deployment,
                                         tree::StatIndex& index);
// Keeps what the index has learned, which is never worth failing for.
void save_index(const Node& node, tree::StatIndex& index);

// Before a transaction touches anything: tells of drift and saves it as
// `.bakehouse/drift/<deployment>.patch`. Error(refused) when there is some and `choice` is to refuse.
void guard_drift(const Node& node, const std::string& deployment, const std::vector<tree::Difference>& drift,
                 DriftChoice choice);
// Finds, tells and saves, and never fails: for who goes on in any case.
void tell_drift(const Node& node, const std::string& deployment, tree::StatIndex& index);

// Leaves out what lies in a path that the application of that deployment may write, what is the file
// system's own, and, while somebody edits, what is no edit.
void drop_allowed(const Node& node, const std::string& deployment,
                  std::vector<tree::Difference>& differences);

// The manifest of what run/ should hold since `deployment` was configured.
tree::Manifest read_expected(const Node& node, const std::string& deployment);

}  // namespace bakehouse::node
