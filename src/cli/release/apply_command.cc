#include "artifact/release_info.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "base/process.hh"
#include "cli/release/commands.hh"
#include "node/apply.hh"
#include "node/forecast.hh"
#include "node/services.hh"

#include <fmt/format.h>

#include <cstdio>

#include <fcntl.h>
#include <unistd.h>

namespace bakehouse::cli {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using text::Value;

// A path, or a version whose archive lies in the root's releases/.
fs::path find_archive(const config::Root& root, const std::string& name) {
  if (name.find('/') != std::string::npos || fs::exists(name)) return name;
  fs::path kept = root.at(root.layout.releases) / artifact::archive_name(root.project, name);
  if (fs::exists(kept)) return kept;
  throw Error(Fault::input, fmt::format("there is neither a file '{}' nor '{}'", base::printable(name),
                                        base::printable(kept.native())));
}

int report(const node::Result& result, const std::string& what, const Screen& screen) {
  const Value facts = Value::map(
      {{"outcome", result.outcome}, {"version", result.version}, {"deployment", result.deployment}});
  if (result.error) {
    screen.fail(*result.error, facts);
    return base::exit_code(result.error->fault());
  }
  screen.say(result.outcome == "unchanged"
                 ? fmt::format("{} is in service already as {}: nothing to do, unless --again",
                               result.version, result.deployment)
                 : fmt::format("{} {} as {}", what, result.version, result.deployment));
  screen.done(facts);
  return 0;
}

node::ApplyOptions options_of(const ApplyCommand& command) {
  node::ApplyOptions options;
  options.settings = command.settings;
  options.plan = command.plan;
  options.again = command.again;
  if (command.allow_future) options.future = node::ApplyOptions::Future::allow;
  if (!command.confirm_within.empty())
    options.confirm_within = parse_time(command.confirm_within, "--confirm-within");
  if (command.allow_downgrade) options.downgrade = node::ApplyOptions::Downgrade::allow;
  if (command.keep_drift) options.drift = node::DriftChoice::keep;
  if (command.discard_drift) options.drift = node::DriftChoice::discard;
  return options;
}

// A program of its own, which neither the end of this one nor of the terminal reaches.
void start_keeper(const node::Node& node) {
  base::Command command;
  command.argv = {fs::read_symlink("/proc/self/exe").native(), "expire", "--root", node.root.path.native(),
                  "--quiet"};
  command.environment = {"LANG=C.UTF-8"};
  const base::Fd log = base::open_log(node.root.state() / "logs/expire.log");
  command.output = &log;
  base::start_detached(command);
}

// Returns in a process that goes on in a session of its own; this one tells where it can be followed.
void go_on_apart(const node::Node& node, const std::string& deployment, const Screen& screen) {
  node::open_services(node)->outlive_session();
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) base::fail_os("start", "a process in the background");
  if (pid > 0) {
    screen.say(fmt::format("goes on as {}; `release log -f` follows it", deployment));
    screen.done(Value::map({{"outcome", "detached"}, {"deployment", deployment}}));
    std::fflush(nullptr);
    ::_exit(0);
  }
  ::setsid();
  const base::Fd nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere.get(), standard);
}

}  // namespace

int run_plan(const GlobalOptions& global, const ApplyCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen);
  const auto policy = crypto::load_trust(node::trust_directory(node.root), node.root.project);
  const node::Forecast forecast =
      node::forecast_apply(node, find_archive(node.root, command.archive), policy, options_of(command));
  for (const std::string& line : node::in_lines(forecast)) screen.say(line);
  screen.answer(node::encode(forecast));
  return 0;
}

int run_apply(const GlobalOptions& global, const ApplyCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen, command.wait);
  const auto policy = crypto::load_trust(node::trust_directory(node.root), node.root.project);
  node::ApplyOptions options = options_of(command);
  options.at_begin = [&](const std::string& deployment) {
    if (options.confirm_within.count() != 0 && !node::are_units(node)) start_keeper(node);
    if (command.detach) go_on_apart(node, deployment, screen);
  };
  const node::Result result = node::apply(node, find_archive(node.root, command.archive), policy, options);
  const int code = report(result, "in service:", screen);
  if (result.outcome == "good" && options.confirm_within.count() != 0)
    screen.say(fmt::format("`release confirm` within {} keeps it", command.confirm_within));
  return code;
}

int run_rollback(const GlobalOptions& global, const RollbackCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen, command.wait);
  return report(node::rollback(node, command.deployment), "back in service:", screen);
}

int run_recover(const GlobalOptions& global, const RecoverCommand& command, const Screen& screen) {
  node::Node node = open_node(global, screen, command.wait);
  node.is_booting = command.boot;
  const auto recovered =
      command.boot ? node::recover_at_boot(node) : node::recover_under_lock(node, "release recover");
  if (!recovered) {
    screen.say("nothing to recover");
    screen.done(Value::map({{"outcome", "nothing"}}));
    return 0;
  }
  if (recovered->outcome == "needs-hands") return report(*recovered, "", screen);
  screen.say(fmt::format("recovered: {} ended {}", recovered->version, recovered->outcome));
  screen.done(Value::map({{"outcome", recovered->outcome},
                          {"version", recovered->version},
                          {"deployment", recovered->deployment}}));
  return 0;
}

}  // namespace bakehouse::cli
