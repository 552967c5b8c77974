#include "bakery/await_push.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>

namespace bakehouse::bakery {
namespace {

using base::Error;
using base::Event;
using base::Fault;
using source::RefUpdate;

void tell_where_else(const node::Node& node, const Push& push, const Destination& destination) {
  for (const RefUpdate& update : push.request.updates) {
    const std::string other = destination.other_environment(update.ref);
    if (other.empty()) continue;
    node.around.events({Event::Kind::note, "",
                        fmt::format("{} is for the environment {}, and this is {}: nothing is deployed here",
                                    base::printable(update.ref), base::printable(other),
                                    base::printable(destination.environment))});
  }
}

void require_unmoved(const source::Remote& remote, const RefUpdate& update) {
  const auto tip = remote.commit_of(update.ref);
  if (tip ? *tip == update.before : update.creates()) return;
  throw Error(Fault::refused,
              fmt::format("{} was moved by somebody else meanwhile", base::printable(update.ref)),
              "pull and push again");
}

// The record of an earlier push is about to be replaced by that of this one: its branch moves now, or this
// push is refused.
void move_earlier(const node::Node& node, const Push& push) {
  if (const auto begun = read_push_record(node, push.remote)) require_over(node, begun->deployment);
  const auto record = find_unmoved(node, push.remote);
  if (!record || is_lost(node, push.remote, *record)) return;
  move_branch(node, push.remote, *record);
  node.around.events({Event::Kind::note, "",
                      fmt::format("{} is at {} now, which an earlier push had put into service",
                                  base::printable(record->update.ref), record->update.after)});
}

phase::Surroundings until_abandoned(const node::Node& node, const Push& push) {
  phase::Surroundings around = node.around;
  around.cancelled = [stop = node.around.cancelled, gone = push.is_abandoned] { return stop() || gone(); };
  return around;
}

phase::Lock lock_build(const node::Node& node, const Push& push) {
  const auto path = node.root.state() / "build.lock";
  return phase::Lock::wait_for(path, "bake receive", until_abandoned(node, push), phase::as_long_as_it_takes);
}

}  // namespace

std::optional<AwaitedPush> await_push(const node::Node& node, const Push& push) {
  const Destination destination =
      destination_of(node.root, config::load_node_settings(node.root.path / "node.yaml"));
  const source::Remote remote = source::Remote::open(remote_path(node.root, push.remote), push.quarantine);
  const auto update = choose_deploy(push.request, destination, remote);
  if (!update) {
    tell_where_else(node, push, destination);
    return std::nullopt;
  }
  AwaitedPush awaited{*update, lock_build(node, push)};
  move_earlier(node, push);
  require_unmoved(source::Remote::open(remote_path(node.root, push.remote)), awaited.update);
  settle_pillar(node);
  return awaited;
}

Patience::Patience(const node::Node& node, const Push& push)
    : switches_(std::make_shared<std::atomic<bool>>(false)),
      node_(node::with_events(node, [switches = switches_, show = node.around.events](const Event& event) {
        if (event.kind == Event::Kind::phase_started && event.phase == "deploy") *switches = true;
        show(event);
      })) {
  node_.around.cancelled = [switches = switches_, stop = node.around.cancelled, gone = push.is_abandoned] {
    return stop() || (!*switches && gone());
  };
}

}  // namespace bakehouse::bakery
