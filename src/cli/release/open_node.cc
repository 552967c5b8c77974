#include "base/error.hh"
#include "cli/release/commands.hh"
#include "text/decode.hh"

#include <algorithm>
#include <chrono>

namespace bakehouse::cli {
namespace {

std::chrono::milliseconds patience(const Wait& wait) {
  if (wait.empty()) return {};
  if (wait == "ever") return phase::as_long_as_it_takes;
  text::Diagnostics faults;
  const auto limit = text::as_duration(text::Value(wait), "--wait", faults);
  if (!limit)
    throw base::Error(base::Fault::usage, "--wait wants a time such as 30s, 10m or 2h",
                      "or no value, to wait as long as it takes");
  return std::min<std::chrono::milliseconds>(*limit, phase::as_long_as_it_takes);
}

}  // namespace

node::Node open_node(const GlobalOptions& global, const Screen& screen, const Wait& wait) {
  node::Node node =
      node::open_node(require_root(global), find_installation().launch, make_surroundings(screen));
  node.patience = patience(wait);
  return node;
}

}  // namespace bakehouse::cli
