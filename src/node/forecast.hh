// What an apply would do: computed by what apply itself computes before it touches anything.
#pragma once

#include "node/apply.hh"
#include "node/changes.hh"
#include "node/prune.hh"
#include "node/space.hh"
#include "node/target_drift.hh"
#include "text/value.hh"
#include "tree/diff.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::node {

struct Forecast {
  std::string id;  // what was looked at; `apply --plan` refuses to go on from anything else
  std::string project;
  std::string version;
  std::string previous_version;  // "" for the first
  bool is_in_service = false;    // with the same configuration: apply would find nothing to do
  std::vector<std::string> steps;
  std::vector<Change> changes;  // of files, links and directories, against the release in service
  uint64_t bytes = 0;           // to be written, copies of data not counted
  uint64_t data_bytes = 0;      // to be copied while the processes are down
  std::vector<Need> needs;      // of room, one for each file system
  std::vector<std::string>
      hooks;  // "post_deploy"; those of the release in service with its version: "dump (1.0.0)"
  std::vector<std::string> processes;  // that will run
  std::string undo_data;               // the rule
  std::optional<int64_t> downtime;     // seconds from `stop` to the end of `start`, as it was the last times
  std::vector<tree::Difference> drift;
  TargetLook targets;                        // what has become of the files outside of the root
  std::vector<std::string> rollbacks_ended;  // deployments that pruning will remove afterwards
};
text::Value encode(const Forecast& forecast);
std::vector<std::string> in_lines(const Forecast& forecast);

// Takes no lock and changes nothing. What apply would refuse is an Error here, too; but for drift, which is
// told.
Forecast forecast_apply(const Node& node, const std::filesystem::path& archive,
                        const crypto::TrustPolicy& policy, const ApplyOptions& options);

}  // namespace bakehouse::node
