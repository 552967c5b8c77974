#include "base/error.hh"
#include "cli/release/commands.hh"
#include "config/node_settings.hh"
#include "node/announce.hh"
#include "node/preflight.hh"
#include "notify/deliver.hh"
#include "notify/outbox.hh"

#include <fmt/format.h>

namespace bakehouse::cli {
namespace {

using base::Error;
using base::Fault;
using text::Value;

std::vector<config::Receiver> require_receivers(const node::Node& node) {
  node::check_owners(node);  // node.yaml names programs, and this may be root
  const auto file = node.root.path / "node.yaml";
  auto receivers = config::load_node_settings(file).notify;
  if (!receivers.empty()) return receivers;
  throw Error(Fault::input, fmt::format("'{}' names nobody under 'notify'", file.native()),
              "notify: [{mail: root}]");
}

}  // namespace

int run_notify_test(const GlobalOptions& global, const Screen& screen) {
  const node::Node node = open_node(global, screen);
  const auto receivers = require_receivers(node);
  const notify::Message message = node::test_message(node);
  Value answers = Value::list();
  size_t failed = 0;
  for (const config::Receiver& receiver : receivers) {
    const notify::Answer answer = notify::send(receiver, message, node.around.clock);
    if (!answer.taken) ++failed;
    screen.say(fmt::format("{}: {}", config::describe(receiver), answer.text));
    answers.push(Value::map(
        {{"receiver", config::describe(receiver)}, {"taken", answer.taken}, {"answer", answer.text}}));
  }
  screen.answer(Value::map({{"answers", answers}}));
  if (failed == 0) return 0;
  throw Error(Fault::input, fmt::format("{} of {} did not take it", failed, receivers.size()));
}

int run_notify_flush(const GlobalOptions& global, const Screen& screen) {
  const node::Node node = open_node(global, screen);
  const auto outbox = node::outbox_of(node);
  notify::Delivery delivery;
  if (notify::count_waiting(outbox) != 0) {
    node::check_owners(node);
    const auto receivers = config::load_node_settings(node.root.path / "node.yaml").notify;
    delivery = notify::deliver(outbox, receivers, notify::Due::all, node.around.clock, node.around.events);
  }
  screen.say(fmt::format("sent {}, {} still waiting", delivery.sent, delivery.waiting));
  screen.done(Value::map({{"outcome", delivery.waiting == 0 ? "done" : "waiting"},
                          {"sent", static_cast<uint64_t>(delivery.sent)},
                          {"waiting", static_cast<uint64_t>(delivery.waiting)}}));
  return delivery.waiting == 0 ? 0 : base::exit_code(Fault::differs);
}

}  // namespace bakehouse::cli
