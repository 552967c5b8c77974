#include "node/carry_out.hh"

#include "base/error.hh"
#include "node/announce.hh"
#include "node/deployment_log.hh"
#include "node/finish.hh"
#include "node/services.hh"

#include <fmt/format.h>

namespace bakehouse::node {
namespace {

using base::Error;

Result finish(Transaction& t, const std::string& done) {
  try {
    return finish_good(t);
  } catch (const Error& error) {
    announce_needs_hands(t, "", error.what());
    throw error.as(base::Fault::needs_hands)
        .within(done + ", but its bookkeeping is unfinished")
        .with_hint("mend what is named, then run `release recover`");
  }
}

}  // namespace

Result carry_out_in_place(const Node& node, const Plan& plan, const std::string& done) {
  DeploymentLog log(node, plan);
  const Node watched = log.watch(node);
  auto services = open_services_anew(node);
  phase::Journal journal = phase::Journal::create(node.journal_path(), encode(plan), plan.began);
  Transaction transaction = make_transaction(watched, plan, nullptr, journal, std::move(services));
  const auto reversal = phase::run_steps(journal, make_steps(transaction), watched.around);
  Result result = reversal ? finish_reverted(transaction, *reversal) : finish(transaction, done);
  log.end(result);
  return result;
}

}  // namespace bakehouse::node
