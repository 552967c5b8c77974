// The two transactions of a node: a release is put into service, or an earlier one is put back.
#pragma once

#include "base/error.hh"
#include "crypto/trust.hh"
#include "node/node.hh"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::node {

// What becomes of changes that somebody made in run/.
enum class DriftChoice { refuse, keep, discard };

struct ApplyOptions {
  enum class Downgrade { refuse, allow } downgrade = Downgrade::refuse;
  std::vector<std::string> settings;  // --set
  DriftChoice drift = DriftChoice::refuse;
  std::optional<std::string> plan;  // the id of a forecast: refused when it would be another one now
};

struct Result {
  std::string deployment;
  std::string version;
  std::string outcome;               // "good", "failed", "reverted" or "needs-hands"
  std::optional<base::Error> error;  // unless good: its fault is the exit code
};

// Whatever was refused before anything was touched is thrown; what happens afterwards is the result.
Result apply(const Node& node, const std::filesystem::path& archive, const crypto::TrustPolicy& policy,
             const ApplyOptions& options);

// To the named deployment, or to the one before the current.
Result rollback(const Node& node, const std::optional<std::string>& deployment);

// Asks the transaction that runs to undo, as a signal would. Who it was; nullopt when none runs.
std::optional<std::string> cancel(const Node& node);

// Takes up what an interrupted transaction left: undone, or finished when it had committed.
// nullopt when there was nothing. The caller holds the switch lock.
std::optional<Result> recover(const Node& node);
// The same, taking the lock: for `release recover` and whatever is about to look at run/.
std::optional<Result> recover_under_lock(const Node& node, const std::string& purpose);

}  // namespace bakehouse::node
