// What apply settles before it touches anything, and a plan tells of. Private to this folder.
#pragma once

#include "artifact/read.hh"
#include "node/apply.hh"
#include "node/target_drift.hh"
#include "node/transaction.hh"
#include "tree/diff.hh"

#include <string>
#include <vector>

namespace bakehouse::node {

Plan begin_plan(const Node& node, std::string kind, const std::vector<phase::HistoryEntry>& history);

// All that can be refused before anything is touched, but for drift.
Plan begin_apply(const Node& node, const artifact::Archive& archive, const crypto::TrustPolicy& policy,
                 const ApplyOptions& options, const std::vector<phase::HistoryEntry>& history);

// Whether that very release is in service, with the configuration that it would get now.
bool is_in_service(const Node& node, const artifact::Archive& archive, const Plan& plan);

// A name for everything that an apply would start from: equal when nothing of it has changed.
std::string plan_id(const Node& node, const artifact::Archive& archive, const Plan& plan,
                    const std::vector<tree::Difference>& drift, const TargetLook& targets);

}  // namespace bakehouse::node
