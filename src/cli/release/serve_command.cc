#include "cli/release/commands.hh"
#include "node/serve.hh"

namespace bakehouse::cli {

int run_serve(const GlobalOptions& global, const Screen& screen) {
  const node::Node node =
      node::open_node(require_root(global), find_installation().launch, make_surroundings(screen));
  node::serve(node);
  screen.done(text::Value::map({{"outcome", "stopped"}}));
  return 0;
}

}  // namespace bakehouse::cli
