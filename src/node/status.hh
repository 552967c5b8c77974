// Commands that look and change nothing.
#pragma once

#include "node/freeze.hh"
#include "node/node.hh"
#include "node/provisional.hh"
#include "node/target_drift.hh"
#include "service/spec.hh"
#include "text/value.hh"
#include "tree/diff.hh"

#include <optional>
#include <string>
#include <vector>

namespace bakehouse::node {

struct Status {
  std::string deployment;  // "" when nothing is deployed
  std::string version;
  std::string outcome;      // of the last attempt: "good", "failed", "reverted"; "" when there was none
  base::Seconds since = 0;  // when it came into service
  bool recovery_needed = false;
  std::string running;  // who holds the switch lock; "" when nobody does
  std::optional<Provisional> provisional;
  bool is_edited = false;  // run/ is the source
  std::optional<Freeze> frozen;
  std::vector<service::ServiceState> services;
  std::vector<service::ServiceState> orphans;  // run, but the supervisor that watched them was killed
  // Processes of the release that do not run, or had to be started again.
  std::vector<std::string> down;
  size_t notices_waiting = 0;  // in the outbox
  std::string how_to_start;    // those
};
Status read_status(const Node& node);
text::Value encode(const Status& status, const config::Root& root);

struct Verification {
  std::vector<tree::Difference> deployment;  // deploy/<id>/ against the signed manifest
  std::vector<tree::Difference> run;         // run/ against its expected manifest
  TargetLook targets;                        // files outside of the root against what was written
  bool is_edited = false;                    // run/ is the source
};
// Reads every file of the deployment in service.
Verification verify(const Node& node);

}  // namespace bakehouse::node
