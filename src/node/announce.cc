#include "node/announce.hh"

#include "base/error.hh"
#include "config/node_settings.hh"
#include "node/preflight.hh"
#include "notify/deliver.hh"
#include "notify/event_line.hh"
#include "notify/outbox.hh"
#include "phase/lock.hh"

namespace bakehouse::node {
namespace {

using base::Event;

config::NodeSettings settings_of(const Node& node) {
  return config::load_node_settings(node.root.path / "node.yaml");
}

template <typename Work>
void only_warn(const Node& node, Work work) {
  try {
    work();
  } catch (const std::exception& error) {
    node.around.events({Event::Kind::warning, "notify", error.what()});
  }
}

void tell(const Transaction& t, const std::string& outcome, const std::string& step, const std::string& cause,
          base::Seconds ended) {
  const Node& node = t.node;
  only_warn(node, [&] {
    const config::NodeSettings settings =
        base::with_context("nobody is told how it ended", [&] { return settings_of(node); });
    notify::Message message;
    message.project = node.root.project;
    message.host = phase::host_name();
    message.kind = t.plan.kind;
    message.trigger = t.plan.trigger;
    message.recovered = t.is_taken_up;
    message.outcome = outcome;
    message.version = t.plan.version;
    message.previous_version = t.plan.previous_version;
    message.deployment = t.plan.id;
    message.who = t.plan.who;
    message.began = t.plan.began;
    message.ended = ended;
    message.step = step;
    message.cause = notify::as_cause(cause);
    notify::log_event(settings.events, message, node.around.events);
    notify::enqueue(outbox_of(node), settings.notify, message, node.around.clock, node.around.events);
  });
}

}  // namespace

std::filesystem::path outbox_of(const Node& node) { return node.root.state() / "outbox"; }

void announce(const Transaction& t, const phase::HistoryEntry& ended) {
  tell(t, ended.outcome, ended.step, ended.cause, ended.ended);
}

void announce_needs_hands(const Transaction& t, const std::string& step, const std::string& cause) {
  tell(t, "needs-hands", step, cause, t.node.around.clock.seconds());
}

void deliver_notices(const Node& node) {
  only_warn(node, [&] {
    if (notify::count_waiting(outbox_of(node)) == 0) return;
    check_owners(node);  // node.yaml names programs, and this may be root
    notify::deliver(outbox_of(node), settings_of(node).notify, notify::Due::now, node.around.clock,
                    node.around.events);
  });
}

notify::Message test_message(const Node& node) {
  notify::Message message;
  message.project = node.root.project;
  message.host = phase::host_name();
  message.kind = "test";
  message.trigger = "command";
  message.outcome = "good";
  message.version = "test";
  message.deployment = make_deployment_id(node.around.clock);
  message.who = phase::describe_user();
  message.began = node.around.clock.seconds();
  message.ended = message.began;
  return message;
}

}  // namespace bakehouse::node
