#include "base/error.hh"
#include "base/process.hh"
#include "cli/release/commands.hh"
#include "launch/exec.hh"
#include "node/services.hh"

#include <fmt/format.h>

#include <csignal>
#include <cstdlib>

#include <unistd.h>

namespace bakehouse::cli {
namespace {

// A terminal is a fact of this call, not of the services.
void add_terminal(std::vector<std::string>& environment) {
  const char* const kind = std::getenv("TERM");
  if (kind != nullptr && ::isatty(STDIN_FILENO) == 1) environment.push_back(fmt::format("TERM={}", kind));
}

}  // namespace

int run_exec(const GlobalOptions& global, const ExecCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen);
  node::Start start = node::start_in_release(node, command.words);
  add_terminal(start.environment);
  // Ours is to ignore it, and the process would inherit that.
  ::signal(SIGPIPE, SIG_DFL);
  if (start.identity && !base::take_identity(*start.identity))
    base::fail_os("run as the user", std::to_string(start.identity->uid));
  const auto failure = launch::execute({start.argv, start.directory, start.environment});
  throw base::Error(base::Fault::internal, failure.message,
                    "the launch helper belongs beside the program: install Bakehouse again");
}

}  // namespace bakehouse::cli
