#include "base/error.hh"
#include "cli/release/commands.hh"
#include "node/deployment_log.hh"
#include "node/status.hh"

#include <fmt/format.h>

#include <cstdio>

namespace bakehouse::cli {
namespace {

using text::Value;

std::string how_it_is(const service::ServiceState& state) {
  if (!state.next.empty() && !state.running) return "runs next at " + state.next;
  return state.running ? fmt::format("runs (process {})", state.pid) : "does not run";
}

// One that ends again and again looks well at any one moment.
std::string what_it_did(const service::ServiceState& state) {
  std::string text;
  if (state.restarts > 0)
    text = fmt::format(", was started again {} time{}", state.restarts, state.restarts == 1 ? "" : "s");
  if (!state.last_end.empty()) text += fmt::format(", last {}", state.last_end);
  return text;
}

void say_services(const node::Status& status, const Screen& screen) {
  for (const auto& state : status.services)
    screen.say(fmt::format("  {}: {}{}", state.name, how_it_is(state), what_it_did(state)));
  for (const auto& state : status.orphans) {
    screen.say(fmt::format("  {}: {}, but its supervisor was killed: `release start` takes it over",
                           state.name, how_it_is(state)));
  }
}

// That of the apply whose log it is.
int exit_code_of(const phase::HistoryEntry* entry) {
  if (entry == nullptr) return base::exit_code(base::Fault::needs_hands);
  if (entry->outcome == "good") return 0;
  return base::exit_code(entry->outcome == "reverted" ? base::Fault::reverted : base::Fault::build);
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
  if (status.provisional)
    screen.say(fmt::format("  {}: `release confirm` keeps it", status.provisional->describe()));
  if (status.is_edited) screen.say("  edited: run/ is the source, until `bake edit --off`");
  if (status.frozen) screen.say("  " + status.frozen->describe());
  if (status.recovery_needed) screen.say("  a transaction was interrupted: `release recover` takes it up");
  if (status.notices_waiting != 0) {
    screen.say(fmt::format("  notifications waiting: {} (`release notify flush` sends them)",
                           status.notices_waiting));
  }
  say_services(status, screen);
  if (!status.down.empty()) {
    screen.say(fmt::format("  does not run: {} ({})", fmt::join(status.down, ", "), status.how_to_start));
  }
  screen.answer(node::encode(status, node.root));
  const bool is_well =
      !status.version.empty() && !status.recovery_needed && status.down.empty() && status.orphans.empty();
  return command.check && !is_well ? base::exit_code(base::Fault::differs) : 0;
}

int run_log(const GlobalOptions& global, const LogCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen);
  const std::string id = command.deployment ? *command.deployment : node::newest_log(node);
  if (command.follow) {
    node::follow_log(node, id, [&](std::string_view text) {
      screen.say(std::string(text.substr(0, text.find_last_not_of('\n') + 1)));
      std::fflush(stdout);
    });
  }
  const std::string log = node::read_log(node, id);
  const auto history = phase::read_history(node.history_path());
  const auto* entry = phase::find_deployment(history, id);
  if (!command.follow) screen.say(log.substr(0, log.find_last_not_of('\n') + 1));
  screen.answer(Value::map(
      {{"deployment", id}, {"record", entry != nullptr ? phase::encode(*entry) : Value()}, {"log", log}}));
  return command.follow ? exit_code_of(entry) : 0;
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
