#include "cli/release/commands.hh"

namespace bakehouse::cli {

node::Node open_node(const GlobalOptions& global, const Screen& screen) {
  return node::open_node(require_root(global), find_installation().launch, make_surroundings(screen));
}

}  // namespace bakehouse::cli
