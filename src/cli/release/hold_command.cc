// Commands that hold something up: a transaction that runs, or all that would come.
#include "base/error.hh"
#include "cli/release/commands.hh"
#include "node/apply.hh"
#include "node/freeze.hh"
#include "node/provisional.hh"
#include "node/transaction.hh"

#include <fmt/format.h>

namespace bakehouse::cli {

using text::Value;

int run_confirm(const GlobalOptions& global, const Screen& screen) {
  const node::Node node = open_node(global, screen, "ever");
  const auto confirmed = node::confirm(node);
  screen.say(confirmed ? fmt::format("{} counts", confirmed->version) : "nothing is provisional");
  screen.done(Value::map({{"outcome", confirmed ? "confirmed" : "nothing"},
                          {"version", confirmed ? confirmed->version : std::string()}}));
  return 0;
}

int run_expire(const GlobalOptions& global, const Screen& screen) {
  const node::Node node = open_node(global, screen, "ever");
  const auto result = node::keep_deadline(node);
  if (result && result->error) throw base::Error(*result->error);
  screen.say(result ? fmt::format("back in service: {}", result->version)
                    : "nothing is provisional any more");
  screen.done(Value::map({{"outcome", result ? "expired" : "nothing"}}));
  return 0;
}

int run_cancel(const GlobalOptions& global, const Screen& screen) {
  node::Node node = open_node(global, screen, "ever");
  node.around.events = [](const base::Event&) {};
  const size_t before = phase::read_history(node.history_path()).size();
  const auto holder = node::cancel(node);
  if (!holder) {
    screen.say("nothing runs");
    screen.done(Value::map({{"outcome", "nothing"}}));
    return 0;
  }
  screen.say("asked to undo: " + *holder);
  const phase::Lock until_it_ended = node.lock_switch("release cancel");
  if (node::is_open(phase::Journal::read(node.journal_path()))) {
    throw base::Error(base::Fault::needs_hands, "it has ended, and not all of it is undone",
                      "`release recover` goes on, and says what a person must do");
  }
  const auto history = phase::read_history(node.history_path());
  const bool had_begun = history.size() > before;
  const std::string outcome = had_begun ? history.back().outcome : "nothing";
  const std::string version = had_begun ? history.back().version : "";
  screen.say(had_begun ? fmt::format("{} ended {}", version, outcome) : "it had begun nothing");
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
