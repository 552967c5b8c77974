#include "node/serve.hh"

#include "base/error.hh"
#include "node/announce.hh"
#include "node/apply.hh"
#include "node/run_place.hh"
#include "node/services.hh"
#include "notify/outbox.hh"
#include "phase/lock.hh"
#include "service/account.hh"
#include "service/serve.hh"

#include <optional>
#include <thread>

namespace bakehouse::node {
namespace {

struct Joined {
  std::thread& thread;
  ~Joined() {
    if (thread.joinable()) thread.join();
  }
};

}  // namespace

void serve(const Node& node) {
  // Held until the supervisor answers, so that no transaction begins without knowing of it.
  // At boot, and right after `release serve &`, a transaction may be under way: it passes.
  std::optional<phase::Lock> lock =
      phase::Lock::wait_for(node.lock_path(), "release serve", node.around, phase::as_long_as_it_takes);
  require_no_systemd(node);
  // What is provisional and could not go back is served: it is whole.
  const Settled settled = settle(node);
  if (settled.needs_hands()) throw base::Error(*settled.last()->error);
  const auto deployment = deployment_in_run(node);
  const auto specs = deployment ? service_specs(node, *deployment) : std::vector<service::ServiceSpec>{};
  // What recovery has to tell must not wait for the next command, nor a service for a receiver that is slow.
  std::thread telling;
  const Joined when_it_ends{telling};
  service::serve({node.root.state(), service::with_identities(specs)}, node.around.events, [&] {
    lock.reset();
    if (notify::count_waiting(outbox_of(node)) != 0) telling = std::thread([&] { deliver_notices(node); });
  });
}

}  // namespace bakehouse::node
