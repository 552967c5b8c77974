// Which backups are kept and why, and the two steps in which the others go.
#pragma once

#include "node/node.hh"
#include "text/value.hh"

#include <cstdint>
#include <string>
#include <vector>

namespace bakehouse::node {

struct KeptBackup {
  std::string id;
  std::vector<std::string> reasons;
};
struct ForgetPlan {
  bool has_no_rule = false;  // then nothing is forgotten, but what was named
  std::vector<KeptBackup> kept;
  std::vector<std::string> forgotten;
};
text::Value encode(const ForgetPlan& plan);

// Marks what the rule of the configuration in force does not keep, or those that are named. The newest good
// one is always kept, and what a rollback or an open transaction needs: Error(refused) where that is named.
// Frees nothing. Takes the switch lock unless it only tells.
ForgetPlan forget_backups(const Node& node, const std::vector<std::string>& ids, bool only_tell);

struct PrunedBackups {
  std::vector<std::string> ids;
  uint64_t bytes = 0;
};
// Removes what was forgotten, and what was never finished or removed in part. Takes the switch lock unless it
// only tells.
PrunedBackups prune_backups(const Node& node, bool only_tell);

}  // namespace bakehouse::node
