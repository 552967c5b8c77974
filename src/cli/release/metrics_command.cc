#include "base/files.hh"
#include "cli/release/commands.hh"
#include "node/metrics.hh"

#include <cstdio>

namespace bakehouse::cli {

int run_metrics(const GlobalOptions& global, const MetricsCommand& command, const Screen& screen) {
  const node::Node node = open_node(global, screen);
  const auto metrics = node::read_metrics(node);
  const std::string text = text::to_exposition(metrics);
  if (command.output) {
    // Whoever collects it may be another user.
    base::write_file(*command.output, text, 0644);
  } else if (!screen.json()) {
    std::fputs(text.c_str(), stdout);
  }
  screen.answer(text::Value::map({{"metrics", text::to_list(metrics)}}));
  return 0;
}

}  // namespace bakehouse::cli
