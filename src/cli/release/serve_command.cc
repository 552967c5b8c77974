#include "cli/release/commands.hh"
#include "node/serve.hh"

namespace bakehouse::cli {

int run_serve(const GlobalOptions& global, const Screen& screen) {
  const node::Node node = open_node(global, screen);
  node::serve(node);
  screen.done(text::Value::map({{"outcome", "stopped"}}));
  return 0;
}

}  // namespace bakehouse::cli
