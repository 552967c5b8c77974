// All that a transaction said and its hooks printed: `.bakehouse/logs/deployments/<id>.log`.
#pragma once

#include "node/apply.hh"
#include "node/transaction.hh"
#include "phase/event_log.hh"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace bakehouse::node {

// A courtesy to people: where it cannot be written, because the disk is full, the transaction goes on
// without.
class DeploymentLog {
 public:
  // Goes on with what is there: recovery is a part of the same deployment.
  DeploymentLog(const Node& node, const Plan& plan);

  // The node whose events are also written down. Valid as long as the log is.
  Node watch(const Node& node);
  void end(const Result& result);

 private:
  template <typename Work>
  void try_to(Work work);

  base::EventSink show_;
  std::optional<phase::EventLog> log_;
};

// Hands over what the log has, and then what comes, until the deployment has ended or there is a wish to
// stop.
void follow_log(const Node& node, const std::string& deployment,
                const std::function<void(std::string_view text)>& show);
// Of the deployment in progress, or else the last one. Error(input) when there is none.
std::string newest_log(const Node& node);
// Error(input) when there is none.
std::string read_log(const Node& node, const std::string& deployment);

}  // namespace bakehouse::node
