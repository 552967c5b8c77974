#include "artifact/release_info.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "cli/release/commands.hh"
#include "node/apply.hh"
#include "node/forecast.hh"

#include <fmt/format.h>

namespace bakehouse::cli {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using text::Value;

// A path, or a version whose archive lies in the root's releases/.
fs::path find_archive(const config::Root& root, const std::string& name) {
  if (name.find('/') != std::string::npos || fs::exists(name)) return name;
  fs::path kept = root.at(root.layout.releases) / artifact::archive_name(root.project, name);
  if (fs::exists(kept)) return kept;
  throw Error(Fault::input, fmt::format("there is neither a file '{}' nor '{}'", base::printable(name),
                                        base::printable(kept.native())));
}

int report(const node::Result& result, const std::string& what, const Screen& screen) {
  const Value facts = Value::map(
      {{"outcome", result.outcome}, {"version", result.version}, {"deployment", result.deployment}});
  if (result.error) {
    screen.fail(*result.error, facts);
    return base::exit_code(result.error->fault());
  }
  screen.say(fmt::format("{} {} as {}", what, result.version, result.deployment));
  screen.done(facts);
  return 0;
}

node::ApplyOptions options_of(const ApplyCommand& command) {
  node::ApplyOptions options;
  options.settings = command.settings;
  options.plan = command.plan;
  if (command.allow_downgrade) options.downgrade = node::ApplyOptions::Downgrade::allow;
  if (command.keep_drift) options.drift = node::DriftChoice::keep;
  if (command.discard_drift) options.drift = node::DriftChoice::discard;
  return options;
}

}  // namespace

int run_plan(const GlobalOptions& global, const ApplyCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen);
  const auto policy = crypto::load_trust(node::trust_directory(node.root), node.root.project);
  const node::Forecast forecast =
      node::forecast_apply(node, find_archive(node.root, command.archive), policy, options_of(command));
  for (const std::string& line : node::in_lines(forecast)) screen.say(line);
  screen.answer(node::encode(forecast));
  return 0;
}

int run_apply(const GlobalOptions& global, const ApplyCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen, command.wait);
  const auto policy = crypto::load_trust(node::trust_directory(node.root), node.root.project);
  return report(node::apply(node, find_archive(node.root, command.archive), policy, options_of(command)),
                "in service:", screen);
}

int run_rollback(const GlobalOptions& global, const RollbackCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen, command.wait);
  return report(node::rollback(node, command.deployment), "back in service:", screen);
}

int run_recover(const GlobalOptions& global, const RecoverCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen, command.wait);
  const auto recovered = node::recover_under_lock(node, "release recover");
  if (!recovered) {
    screen.say("nothing to recover");
    screen.done(Value::map({{"outcome", "nothing"}}));
    return 0;
  }
  if (recovered->outcome == "needs-hands") return report(*recovered, "", screen);
  screen.say(fmt::format("recovered: {} ended {}", recovered->version, recovered->outcome));
  screen.done(Value::map({{"outcome", recovered->outcome},
                          {"version", recovered->version},
                          {"deployment", recovered->deployment}}));
  return 0;
}

}  // namespace bakehouse::cli
