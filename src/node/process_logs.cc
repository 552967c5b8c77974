#include "node/process_logs.hh"

#include "node/run_place.hh"
#include "node/services.hh"
#include "service/log_keeper.hh"

#include <fmt/format.h>

namespace bakehouse::node {

void shorten_logs(const Node& node) {
  const auto deployment = deployment_in_run(node);
  if (!deployment) return;
  for (const auto& spec : service_specs(node, *deployment)) {
    if (service::keep_short(spec.log, spec.log_limits)) continue;
    node.around.events(
        {base::Event::Kind::warning, "",
         fmt::format("'{}' is not kept short: its file system cannot take off the head of a file",
                     spec.log.native())});
  }
}

}  // namespace bakehouse::node
