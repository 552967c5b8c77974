#include "bakery/push.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "cli/bake/commands.hh"
#include "cli/bake/cook_options.hh"
#include "cli/bake/platform.hh"
#include "cli/bake/push_environment.hh"
#include "cli/bake/sender.hh"

#include <fmt/format.h>

#include <cstdio>

#include <unistd.h>

namespace bakehouse::cli {
namespace {

using base::Error;

node::Node open_node(const GlobalOptions& global, const ReceiveCommand& command,
                     const Installation& installed, const Screen& screen) {
  node::Node node = node::open_node(require_root(global), installed.launch, make_surroundings(screen));
  node.supervise = installed.supervise;
  node.is_to_serve = true;
  bakery::remote_path(node.root, command.remote);  // else there is no such remote
  return node;
}

bakery::PushRequest read_request(const std::vector<std::string>& options) {
  constexpr uint64_t most_lines = 16 << 20;
  return bakery::read_push(base::read_all(base::Fd(::dup(STDIN_FILENO)), most_lines, "the refs of the push"),
                           options);
}

// git moves the branch when we have said yes. Somebody stays behind with the lock until it has, and moves the
// branch where git was ended in between: else the next push would begin from a branch that is out of date.
void see_branch_moved(const node::Node& node, const std::string& remote, const bakery::Received& received,
                      Sender& sender) {
  if (sender.is_gone()) return bakery::move_branch(node, remote, received.record);
  sender.stop_watching();
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) base::fail_os("start", "a process in the background");
  if (pid > 0) return;
  // The push ends when nobody has its descriptors any more.
  ::setsid();
  let_go_of_output();
  received.lock.say_who("bake receive (until the branch has moved)", node.around.clock);
  sender.wait_until_ended();
  try {
    bakery::move_branch(node, remote, received.record);
  } catch (const std::exception&) {
    ::_exit(1);  // the record tells the next command
  }
  ::_exit(0);
}

int receive(const GlobalOptions& global, const ReceiveCommand& command, const Screen& screen) {
  const PushEnvironment environment = take_push_environment();
  const Installation installed = find_installation();
  const node::Node node = open_node(global, command, installed, screen);
  Sender sender;  // after the node, whose handlers it replaces
  bakery::tell_unmoved(node);
  const bakery::Push push{command.remote, read_request(environment.options), environment.quarantine,
                          [&] { return sender.is_gone(); }};
  const bool is_pillar = command.remote == "pillar";
  const bakery::CookOptions options = cook_options({}, node, installed);
  const auto received =
      is_pillar ? bakery::receive_pillar(node, push, options) : bakery::receive_project(node, push, options);
  if (!received) return 0;
  if (is_pillar) {
    screen.say(received->record.deployment.empty()
                   ? "checked out; nothing is in service that it is for"
                   : fmt::format("in service with the new configuration as {}", received->record.deployment));
  } else {
    screen.say(fmt::format("in service: {} as {}", received->version, received->record.deployment));
  }
  see_branch_moved(node, command.remote, *received, sender);
  return 0;
}

// git has moved what it was told to: is that of ours among it?
int record_moved(const GlobalOptions& global, const ReceiveCommand& command, const Screen& screen) {
  take_push_environment();
  const node::Node node = open_node(global, command, find_installation(), screen);
  const auto record = bakery::read_push_record(node, command.remote);
  for (const auto& update : read_request({}).updates) {
    if (record && update.ref == record->update.ref && update.after == record->update.after)
      bakery::move_branch(node, command.remote, *record);
  }
  return 0;
}

int repair(const GlobalOptions& global, const ReceiveCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, command, find_installation(), screen);
  const auto lock = phase::Lock::take(node.root.state() / "build.lock", "bake receive", node.around.clock);
  if (const auto begun = bakery::read_push_record(node, command.remote))
    bakery::require_over(node, begun->deployment);
  const auto record = bakery::find_unmoved(node, command.remote);
  if (!record) {
    screen.say("nothing to repair: what was pushed last and is in service is on its branch");
    return 0;
  }
  bakery::move_branch(node, command.remote, *record);
  screen.say(fmt::format("{} is at {} now", record->update.ref, record->update.after));
  return 0;
}

// What came after the commit did not undo it: then the branch does not stay for good.
void tell_of_branch(const GlobalOptions& global, const ReceiveCommand& command, const Screen& screen) {
  try {
    const node::Node node = open_node(global, command, find_installation(), screen);
    if (bakery::serves_unmoved(node, command.remote)) return bakery::tell_unmoved(node);
  } catch (const Error&) {
    // What is not even a root serves nothing.
  }
  screen.say("the branch stays where it is");
}

}  // namespace

int run_receive(const GlobalOptions& global, const ReceiveCommand& command, const Screen& screen) {
  if (command.repair) return repair(global, command, screen);
  if (command.moved) return record_moved(global, command, screen);
  try {
    return receive(global, command, screen);
  } catch (const Error& error) {
    screen.fail(error, failure_facts(error));
    tell_of_branch(global, command, screen);
    return base::exit_code(error.fault());
  }
}

}  // namespace bakehouse::cli
