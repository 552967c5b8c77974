// The node's transaction: what is to be done, and the list of steps that do it. The same list
// serves apply, rollback and recovery; recovery builds it from the journal's first record.
#pragma once

#include "artifact/read.hh"
#include "node/configure.hh"
#include "node/data_copy.hh"
#include "node/disk_usage.hh"
#include "node/node.hh"
#include "node/release_tree.hh"
#include "phase/journal.hh"
#include "phase/transaction.hh"
#include "service/driver.hh"
#include "tree/stat_index.hh"
#include "tree/switch.hh"

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::node {

// These leave the release as it is.
constexpr std::string_view restore_kind = "restore";  // of a backup
constexpr std::string_view edit_kind = "edit";
constexpr std::string_view unedit_kind = "edit --off";
bool makes_deployment(std::string_view kind);

struct Plan {
  std::string kind;      // "apply", "rollback", or one of those above
  std::string id;        // of the deployment that it makes
  std::string previous;  // the deployment in service; "" for the first
  std::string previous_version;
  std::string parent;  // to which a later rollback of this one goes; "" when there is none
  std::string target;  // rollback: whose tree is put back; restore: the backup; edit: the way
  std::string version;
  uint64_t sequence = 0;
  std::string manifest;  // its digest
  std::string who;
  base::Seconds began = 0;
  std::vector<std::string> settings;  // --set
  bool keeps_drift = false;           // changes made in run/ are made in the new one, too
  tree::Way way = tree::Way::exchange;
  std::chrono::milliseconds confirm_within{0};  // provisional for so long; 0: it counts at once
  std::string trigger = "command";              // or "expire": nobody had confirmed
  // What data/ takes, where somebody has looked: all of it is walked for that. Not in the journal.
  std::optional<Usage> data = std::nullopt;
};
text::Value encode(const Plan& plan);
Plan decode_plan(const text::Value& value);

// What run/ holds: the release of before (or nothing, before the first), or the one of the plan.
// Error(needs_hands) when it is neither.
enum class Serving { old, fresh };
Serving serving(const Node& node, const Plan& plan);

struct Transaction {
  const Node& node;
  Plan plan;
  Places places;
  const artifact::Archive* archive;  // null for a rollback and in recovery
  phase::Journal& journal;
  std::unique_ptr<service::ServiceDriver> services;
  // The old release is back but not well: nothing that undo could do better.
  std::string unwell = {};
  // Read and checked once: between `stop` and `start` nobody waits for that.
  std::map<std::string, ReleaseTree> releases = {};
  // What the files of this root held when they were read last.
  tree::StatIndex index = {};
  bool is_taken_up = false;                  // by recovery
  std::vector<ConfiguredFile> targets = {};  // to be written with the switch
  std::vector<std::string> filled = {};      // what an edit lends to the source
  // The backup in the making, from its first pass on.
  std::unique_ptr<DataCopy> copy = {};
};
// deploy/<id>/ of a release that this transaction has to do with, once it is complete.
const ReleaseTree& release_of(Transaction& transaction, const std::string& id);
Transaction make_transaction(const Node& node, Plan plan, const artifact::Archive* archive,
                             phase::Journal& journal, std::unique_ptr<service::ServiceDriver> services);

// The names of all, in their order.
std::vector<std::string> step_names();
// Whether the transaction of these records, if any, runs or was interrupted.
bool is_open(const std::vector<phase::Record>& records);

// Of its kind. They refer to `transaction`, which must outlive them.
std::vector<phase::Step> make_steps(Transaction& transaction);

}  // namespace bakehouse::node
