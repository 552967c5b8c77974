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
  return std::min<std::chrono::milliseconds>(
      parse_time(wait, "--wait", "or no value, to wait as long as it takes"), phase::as_long_as_it_takes);
}

}  // namespace

std::chrono::milliseconds parse_time(const std::string& text, const std::string& option,
                                     const std::string& hint) {
  text::Diagnostics faults;
  const auto time = text::as_duration(text::Value(text), option, faults);
  if (time) return *time;
  throw base::Error(base::Fault::usage, option + " wants a time such as 30s, 10m or 2h", hint);
}

node::Node open_node(const GlobalOptions& global, const Screen& screen, const Wait& wait) {
  Installation installation = find_installation();
  node::Node node = node::open_node(require_root(global), installation.launch, make_surroundings(screen));
  node.supervise = std::move(installation.supervise);
  node.patience = patience(wait);
  return node;
}

}  // namespace bakehouse::cli
