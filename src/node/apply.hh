// The two transactions of a node: a release is put into service, or an earlier one is put back.
#pragma once

#include "base/error.hh"
#include "crypto/trust.hh"
#include "node/node.hh"

#include <chrono>
#include <filesystem>
#include <functional>
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
  // More than a day ahead of the clock a sequence would shut out every release of the years until then.
  enum class Future { refuse, allow } future = Future::refuse;
  std::chrono::milliseconds confirm_within{0};  // 0: it counts at once
  bool again = false;                           // also what is in service already, with its configuration
  // Called when nothing is refused any more and nothing is touched yet. It may throw, or fork and return in
  // another process.
  std::function<void(const std::string& deployment)> at_begin;
};

struct Result {
  std::string deployment;
  std::string version;
  std::string outcome;               // "good", "unchanged", "failed", "reverted" or "needs-hands"
  std::optional<base::Error> error;  // unless good or unchanged: its fault is the exit code
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
// Back to what was before, when the deadline of what is provisional is past; nullopt when nothing was due.
// The caller holds the switch lock and has recovered.
std::optional<Result> expire(const Node& node);
// For the unit that recovers before the services start, which they all wait for: takes the lock. nullopt,
// too, while somebody holds it who has recovered before he began, and may be waiting for this.
std::optional<Result> recover_at_boot(const Node& node);

// Error(refused) while run/ is the source, which no release may replace.
void require_not_editing(const Node& node);
// Paths in the source that are there only while somebody edits: the release has them, and the source has not.
std::vector<std::string> lent_to_source(const Node& node);

// What comes before any other change of a node.
struct Settled {
  std::optional<Result> recovered;
  std::optional<Result> expired;  // not tried where recovery needs hands

  bool needs_hands() const;
  const std::optional<Result>& last() const { return expired ? expired : recovered; }
};
// Both of the above, as far as they go. The caller holds the switch lock.
Settled settle(const Node& node);
// Error unless the node is whole then, and nothing is left that should have gone back.
Settled require_settled(const Node& node);
// For `release recover` and whatever is about to look at run/: takes the lock.
std::optional<Result> recover_under_lock(const Node& node, const std::string& purpose);

}  // namespace bakehouse::node
