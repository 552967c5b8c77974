// Removing what deployments of the past have left, but nothing that may still be needed.
#pragma once

#include "node/node.hh"
#include "text/value.hh"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace bakehouse::node {

enum class Urgency {
  by_rule,    // what `keep:` of the configuration in force does not keep
  emergency,  // all but what is in service, where a rollback would go, and what is pinned or in use
};

struct Removal {
  std::string deployment;
  std::string version;
  bool content =
      false;          // deploy/<id>, the runs in archives/<id>, its records: no rollback leads there any more
  bool data = false;  // the copies of data and dumps in archives/<id>
  uint64_t bytes = 0;  // that it frees, as far as they are its alone
};

struct PrunePlan {
  Urgency urgency = Urgency::by_rule;
  std::vector<Removal> removals;  // oldest first
  std::vector<std::string> kept;  // "<id>: pinned": what the rule would not keep
  std::vector<std::string> logs;  // of edits and restores: the ids
};
text::Value encode(const PrunePlan& plan);

// Why deployments are kept with all that belongs to them, whatever the rule says.
std::map<std::string, std::string> needed_deployments(const Node& node);

// Changes nothing. The caller holds the switch lock or only wants to know.
PrunePlan plan_prune(const Node& node, Urgency urgency);
// Writes nothing before it has freed something, so that it works on a full disk. The caller holds the switch
// lock.
void prune(const Node& node, const PrunePlan& plan);
// As a command of its own: takes the lock, and tells what it has removed. What an interrupted transaction
// left is taken up first; in an emergency last, with the room that was made.
PrunePlan prune_under_lock(const Node& node, Urgency urgency);
// After a deployment: a failure is told and changes nothing.
void prune_by_rule(const Node& node);

// A pinned deployment is kept whatever the rule says. Both take the lock: what is being removed cannot be
// kept. Error(input) for one that is not here.
// Whether it was not pinned yet.
bool pin(const Node& node, const std::string& deployment);
bool is_pinned(const Node& node, const std::string& deployment);
// Whether it was pinned.
bool unpin(const Node& node, const std::string& deployment);

}  // namespace bakehouse::node
