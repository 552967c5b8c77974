#include "node/carry_out.hh"

#include "node/deployment_log.hh"
#include "node/finish.hh"
#include "node/services.hh"

namespace bakehouse::node {
Result carry_out_in_place(const Node& node, const Plan& plan, const std::string& done) {
  DeploymentLog log(node, plan);
  const Node watched = log.watch(node);
  auto services = open_services_anew(node);
  phase::Journal journal = phase::Journal::create(node.journal_path(), encode(plan), plan.began);
  Transaction transaction = make_transaction(watched, plan, nullptr, journal, std::move(services));
  const auto reversal = phase::run_steps(journal, make_steps(transaction), watched.around);
  Result result = reversal ? finish_reverted(transaction, *reversal) : conclude(transaction, done);
  log.end(result);
  return result;
}

}  // namespace bakehouse::node
