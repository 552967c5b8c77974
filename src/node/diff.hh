// How what is here differs from what was put here. Takes no lock and changes nothing.
#pragma once

#include "node/changes.hh"
#include "node/node.hh"
#include "node/target_drift.hh"
#include "text/value.hh"
#include "tree/diff.hh"

#include <optional>
#include <string>
#include <vector>

namespace bakehouse::node {

struct RunDiff {
  std::string deployment;
  std::string version;                  // "" where the deployment was not committed
  bool is_edited = false;               // run/ is the source
  std::vector<tree::Difference> drift;  // as an apply would find it
  TargetLook targets;
};
// run/, and the files outside of the root, against what they should hold. Error(input) when nothing is
// deployed.
RunDiff diff_run(const Node& node);
// For people: a line for each difference, and what `git apply` takes for those of text. Where no patch can be
// made, the lines alone, and a warning.
std::string patch_of(const Node& node, const RunDiff& diff);

struct DeploymentDiff {
  struct Side {
    std::string deployment;
    std::string version;
  };
  Side from;
  Side to;
  std::vector<Change> changes;
};
// Without `to`: to the one in service. Error(input) for one that is not here, or not any more.
DeploymentDiff diff_deployments(const Node& node, const std::string& from,
                                const std::optional<std::string>& to);

text::Value encode(const RunDiff& diff);
text::Value encode(const DeploymentDiff& diff);

}  // namespace bakehouse::node
