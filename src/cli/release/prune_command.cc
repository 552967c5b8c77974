// Commands on what deployments of the past have left.
#include "cli/release/commands.hh"
#include "node/process_logs.hh"
#include "node/prune.hh"

#include <fmt/format.h>

namespace bakehouse::cli {
namespace {

using node::Removal;
using text::Value;

void say(const node::PrunePlan& plan, const Screen& screen) {
  for (const Removal& removal : plan.removals) {
    screen.say(fmt::format("{}  {}  {}{}  {} bytes", removal.deployment, removal.version,
                           removal.content ? "content " : "", removal.data ? "data" : "", removal.bytes));
  }
  for (const std::string& id : plan.logs) screen.say(id + "  the log of an edit or a restore");
  for (const std::string& line : plan.kept) screen.say("kept: " + line);
}

int shorten_logs(const node::Node& node, const Screen& screen) {
  node::shorten_logs(node);
  screen.done(Value::map({{"outcome", "pruned"}}));
  return 0;
}

}  // namespace

int run_prune(const GlobalOptions& global, const PruneCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen, command.wait);
  if (command.logs) return shorten_logs(node, screen);
  const auto urgency = command.emergency ? node::Urgency::emergency : node::Urgency::by_rule;
  if (command.dry_run) {
    const auto plan = node::plan_prune(node, urgency);
    say(plan, screen);
    screen.answer(node::encode(plan));
    return 0;
  }
  const auto plan = node::prune_under_lock(node, urgency);
  uint64_t bytes = 0;
  for (const Removal& removal : plan.removals) bytes += removal.bytes;
  for (const std::string& line : plan.kept) screen.say("kept: " + line);
  screen.say(plan.removals.empty() && plan.logs.empty() ? "nothing to prune"
                                                        : fmt::format("freed {} bytes", bytes));
  screen.done(Value::map({{"outcome", "pruned"}, {"bytes", bytes}, {"plan", node::encode(plan)}}));
  return 0;
}

int run_pin(const GlobalOptions& global, const PinCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen, command.wait);
  if (command.off) {
    const bool was_pinned = node::unpin(node, command.deployment);
    screen.say(
        fmt::format("{} {}", command.deployment, was_pinned ? "is pinned no longer" : "was not pinned"));
  } else {
    node::pin(node, command.deployment);
    screen.say(fmt::format("{} is kept until `release pin --off`", command.deployment));
  }
  screen.answer(Value::map({{"deployment", command.deployment}, {"pinned", !command.off}}));
  return 0;
}

}  // namespace bakehouse::cli
