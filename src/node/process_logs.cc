#include "node/process_logs.hh"

#include "base/error.hh"
#include "node/run_place.hh"
#include "node/services.hh"
#include "service/log_keeper.hh"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace bakehouse::node {
namespace {

// One that cannot be cut does not keep the others long.
std::optional<std::string> why_not_shortened(const service::ServiceSpec& spec) {
  try {
    if (service::keep_short(spec.log, spec.log_limits)) return std::nullopt;
    return "its file system cannot take off the head of a file";
  } catch (const base::Error& error) {
    return error.what();
  }
}

}  // namespace

void shorten_logs(const Node& node) {
  const auto deployment = deployment_in_run(node);
  if (!deployment) return;
  for (const auto& spec : service_specs(node, *deployment)) {
    if (const auto reason = why_not_shortened(spec))
      node.around.events({base::Event::Kind::warning, "",
                          fmt::format("'{}' is not kept short: {}", spec.log.native(), *reason)});
  }
}

}  // namespace bakehouse::node
