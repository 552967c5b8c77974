#include "node/serve.hh"

#include "base/error.hh"
#include "node/apply.hh"
#include "node/preflight.hh"
#include "node/services.hh"
#include "phase/lock.hh"
#include "service/serve.hh"

#include <optional>

namespace bakehouse::node {

namespace {

// At boot, and right after `release serve &`, a transaction may be under way: it passes.
phase::Lock wait_for_lock(const Node& node) {
  constexpr std::chrono::milliseconds pause(50);
  for (bool told = false;; told = true) {
    try {
      return phase::Lock::take(node.lock_path(), "release serve", node.around.clock);
    } catch (const base::Error& error) {
      if (error.fault() != base::Fault::locked || node.around.cancelled()) throw;
      if (!told) node.around.events({base::Event::Kind::note, "", fmt::format("waiting: {}", error.what())});
    }
    node.around.clock.wait(pause);
  }
}

}  // namespace

void serve(const Node& node) {
  // Held until the supervisor answers, so that no transaction begins without knowing of it.
  std::optional<phase::Lock> lock = wait_for_lock(node);
  check_owners(node);
  const auto recovered = recover(node);
  if (recovered && recovered->outcome == "needs-hands") throw *recovered->error;
  const auto deployment = deployment_in_run(node);
  const auto specs = deployment ? service_specs(node, *deployment) : std::vector<service::ServiceSpec>{};
  service::serve(node.root.state(), specs, node.around.events, [&] { lock.reset(); });
}

}  // namespace bakehouse::node
