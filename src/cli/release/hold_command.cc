// Commands that hold something up: a transaction that runs, or all that would come.
#include "base/error.hh"
#include "cli/release/commands.hh"
#include "node/apply.hh"
#include "node/freeze.hh"

#include <fmt/format.h>

namespace bakehouse::cli {
namespace {

using text::Value;

}  // namespace

int run_cancel(const GlobalOptions& global, const Screen& screen) {
  node::Node node = open_node(global, screen, "ever");
  node.around.events = [](const base::Event&) {};
  const auto holder = node::cancel(node);
  if (!holder) {
    screen.say("nothing runs");
    screen.done(Value::map({{"outcome", "nothing"}}));
    return 0;
  }
  screen.say("asked to undo: " + *holder);
  const phase::Lock until_it_ended = node.lock_switch("release cancel");
  const auto history = phase::read_history(node.history_path());
  // It may have ended by itself before it was asked, or before it had begun anything.
  const std::string outcome = history.empty() ? "failed" : history.back().outcome;
  const std::string version = history.empty() ? "" : history.back().version;
  screen.say(version.empty() ? "nothing had begun" : fmt::format("{} ended {}", version, outcome));
  screen.done(Value::map({{"outcome", outcome}, {"version", version}}));
  return 0;
}

int run_freeze(const GlobalOptions& global, const FreezeCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen);
  node::freeze(node, command.reason);
  screen.say(fmt::format("{} is frozen: nothing is applied until `release thaw`", node.root.project));
  screen.done(Value::map({{"outcome", "frozen"}}));
  return 0;
}

int run_thaw(const GlobalOptions& global, const Screen& screen) {
  const node::Node node = open_node(global, screen);
  const auto ended = node::thaw(node);
  screen.say(ended ? "no longer " + ended->describe() : fmt::format("{} was not frozen", node.root.project));
  screen.done(Value::map({{"outcome", ended ? "thawed" : "nothing"}}));
  return 0;
}

}  // namespace bakehouse::cli
