#include "cli/release/commands.hh"
#include "node/node.hh"

#include <fmt/format.h>

namespace bakehouse::cli {

int run_init(const GlobalOptions& global, const InitCommand& command, const Screen& screen) {
  const config::Layout layout = config::load_layout(command.layout, {find_installation().layouts});
  const std::filesystem::path path = global.root.value_or(command.name);
  const config::Root root = node::init_root(path, command.name, config::Mode::final, layout, std::nullopt);
  screen.say(fmt::format("made the production root of {}: {}", command.name, root.path.native()));
  screen.say(fmt::format("next: release trust add KEY.pub --root {}", path.native()));
  screen.answer(
      text::Value::map({{"project", command.name}, {"mode", "final"}, {"root", root.path.native()}}));
  return 0;
}

}  // namespace bakehouse::cli
