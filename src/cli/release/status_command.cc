#include "base/error.hh"
#include "cli/release/commands.hh"
#include "node/deployment_log.hh"
#include "node/status.hh"

#include <fmt/format.h>

namespace bakehouse::cli {
namespace {

using text::Value;

void say_services(const std::vector<service::ServiceState>& services, const Screen& screen) {
  for (const auto& state : services) {
    screen.say(fmt::format(
        "  {}: {}", state.name,
        state.running ? fmt::format("runs (process {})", state.pid) : "does not run, " + state.last_end));
  }
}

}  // namespace

int run_status(const GlobalOptions& global, const StatusCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen);
  const node::Status status = node::read_status(node);
  if (status.deployment.empty()) {
    screen.say(fmt::format("{}: nothing is deployed", node.root.project));
  } else if (status.version.empty()) {
    screen.say(
        fmt::format("{}: run/ holds {}, which was not committed", node.root.project, status.deployment));
  } else {
    screen.say(fmt::format("{} {} is in service since {}", node.root.project, status.version,
                           base::iso_datetime(status.since)));
    screen.say(fmt::format("  deployment {}", status.deployment));
  }
  if (!status.outcome.empty() && status.outcome != "good")
    screen.say(fmt::format("  the last attempt ended {}", status.outcome));
  if (!status.running.empty()) screen.say(fmt::format("  running: {}", status.running));
  if (status.frozen) screen.say("  " + status.frozen->describe());
  if (status.recovery_needed) screen.say("  a transaction was interrupted: `release recover` takes it up");
  say_services(status.services, screen);
  if (!status.down.empty()) {
    screen.say(
        fmt::format("  does not run: {} (`release serve` runs the processes)", fmt::join(status.down, ", ")));
  }
  screen.answer(node::encode(status, node.root));
  const bool is_well = !status.version.empty() && !status.recovery_needed && status.down.empty();
  return command.check && !is_well ? base::exit_code(base::Fault::differs) : 0;
}

int run_log(const GlobalOptions& global, const LogCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen);
  const auto history = phase::read_history(node.history_path());
  if (!command.deployment && history.empty())
    throw base::Error(base::Fault::input, "nothing was deployed here yet", "apply a release first");
  const std::string id = command.deployment ? *command.deployment : history.back().deployment;
  const std::string log = node::read_log(node, id);
  const auto* entry = phase::find_deployment(history, id);
  screen.say(log.substr(0, log.find_last_not_of('\n') + 1));
  screen.answer(Value::map(
      {{"deployment", id}, {"record", entry != nullptr ? phase::encode(*entry) : Value()}, {"log", log}}));
  return 0;
}

int run_history(const GlobalOptions& global, const Screen& screen) {
  const node::Node node = open_node(global, screen);
  Value list = Value::list();
  for (const auto& entry : phase::read_history(node.history_path())) {
    screen.say(fmt::format("{}  {:<8}  {:<8}  {:<12}  {}", base::iso_datetime(entry.ended), entry.kind,
                           entry.outcome, entry.version, entry.deployment));
    if (!entry.cause.empty()) {
      screen.say(fmt::format("    {}: {}", entry.step, entry.cause.substr(0, entry.cause.find('\n'))));
    }
    list.push(phase::encode(entry));
  }
  screen.answer(Value::map({{"history", list}}));
  return 0;
}

}  // namespace bakehouse::cli
