#include "base/encoding.hh"
#include "base/error.hh"
#include "cli/release/commands.hh"
#include "node/diff.hh"
#include "node/editing.hh"

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>

#include <unistd.h>

namespace bakehouse::cli {
namespace {

// What the application wrote must not move a terminal's cursor; tabs are harmless and everywhere.
std::string safe_for_terminal(std::string_view text) {
  std::string shown;
  for (;;) {
    const size_t tab = text.find('\t');
    shown += base::printable_lines(text.substr(0, tab));
    if (tab == std::string_view::npos) return shown;
    shown += '\t';
    text.remove_prefix(tab + 1);
  }
}

// To a program, such as `git apply`, byte for byte.
void print_patch(const std::string& patch) {
  const std::string text = ::isatty(STDOUT_FILENO) == 1 ? safe_for_terminal(patch) : patch;
  std::fwrite(text.data(), 1, text.size(), stdout);  // whether it arrived is asked at the end
}

int show_drift(const GlobalOptions& global, const node::Node& node, const Screen& screen) {
  const node::RunDiff diff = node::diff_run(node);
  screen.answer(node::encode(diff));
  for (const std::string& line : node::in_lines(diff.targets)) screen.say(line);
  if (diff.is_edited) screen.say(std::string(node::says_edited));
  if (diff.drift.empty()) {
    screen.say("run: as it must be");
    return diff.targets.differences.empty() ? 0 : base::exit_code(base::Fault::differs);
  }
  const std::string from = diff.version.empty() ? diff.deployment : diff.version + " " + diff.deployment;
  screen.say(fmt::format("run: {} difference{} from {}", diff.drift.size(), diff.drift.size() == 1 ? "" : "s",
                         from));
  if (!global.json && !global.quiet) print_patch(node::patch_of(node, diff));
  return base::exit_code(base::Fault::differs);
}

int show_changes(const node::DeploymentDiff& diff, const Screen& screen) {
  screen.say(fmt::format("from {} {} to {} {}: {}", diff.from.version, diff.from.deployment, diff.to.version,
                         diff.to.deployment, node::counts_of(diff.changes)));
  for (const node::Change& change : diff.changes) screen.say("  " + node::line_of(change));
  screen.answer(node::encode(diff));
  return 0;
}

}  // namespace

int run_diff(const GlobalOptions& global, const DiffCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen);
  if (!command.from) return show_drift(global, node, screen);
  return show_changes(node::diff_deployments(node, *command.from, command.to), screen);
}

}  // namespace bakehouse::cli
