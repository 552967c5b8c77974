// Files outside of the root that templates become, where node.yaml allows it. They change after the switch of
// run/, and go back before it does.
#pragma once

#include "node/configure.hh"
#include "node/node.hh"

#include <cstdint>
#include <string>
#include <vector>

namespace bakehouse::node {

constexpr uint64_t largest_target = uint64_t{16} << 20;

// Before anything stops: refuses what could not be written, and saves what is there beside the records of the
// deployment. Warns of what somebody has changed since `previous` wrote it. What `previous` wrote and `files`
// have no more is to become what it was before the first of ours.
void save_targets(const Node& node, const std::string& deployment, const std::string& previous,
                  const std::vector<ConfiguredFile>& files);
// Whether it has saved any.
bool changes_targets(const Node& node, const std::string& deployment);
// Each whole or not at all, and durable. Error(build) for what is no longer what was saved.
void write_targets(const Node& node, const std::string& deployment, const std::vector<ConfiguredFile>& files);
// What was saved is back, however far the writing had come. All are tried; Error(needs_hands) names those
// that failed.
void restore_targets(const Node& node, const std::string& deployment);
// After the commit: of what held a sealed value no copy stays.
void forget_sealed_targets(const Node& node, const std::string& deployment, const std::string& previous);

}  // namespace bakehouse::node
