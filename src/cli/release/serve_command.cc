#include "cli/release/commands.hh"
#include "node/control.hh"
#include "node/serve.hh"

#include <fmt/format.h>

namespace bakehouse::cli {
namespace {

using text::Value;

int report_names(const node::Names& names, const std::string& done, const std::string& nothing,
                 const Screen& screen) {
  screen.say(names.empty() ? nothing : fmt::format("{}: {}", done, fmt::join(names, ", ")));
  Value list = Value::list();
  for (const std::string& name : names) list.push(name);
  screen.done(Value::map({{"outcome", names.empty() ? "nothing" : done}, {"processes", list}}));
  return 0;
}

}  // namespace

int run_serve(const GlobalOptions& global, const ServeCommand& command, const Screen& screen) {
  node::Node node = open_node(global, screen, command.detach ? "ever" : "");
  if (command.detach) {
    node::serve_in_background(node);
    screen.say(fmt::format("{} is served in the background: `release stop` ends it", node.root.project));
    screen.done(Value::map({{"outcome", "detached"}}));
    return 0;
  }
  node.supervise.clear();  // we are to be the supervisor, and no recovery begins another
  node::serve(node);
  screen.done(Value::map({{"outcome", "stopped"}}));
  return 0;
}

int run_start(const GlobalOptions& global, const ProcessCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen, command.wait);
  return report_names(node::start_processes(node, command.names), "started", "all run already", screen);
}

int run_stop(const GlobalOptions& global, const ProcessCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen, command.wait);
  return report_names(node::stop_processes(node, command.names), "stopped", "nothing runs", screen);
}

int run_restart(const GlobalOptions& global, const ProcessCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen, command.wait);
  return report_names(node::restart_processes(node, command.names), "restarted", "there are no processes",
                      screen);
}

}  // namespace bakehouse::cli
