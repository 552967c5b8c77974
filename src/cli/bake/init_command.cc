#include "bakery/push_record.hh"
#include "base/error.hh"
#include "cli/bake/commands.hh"
#include "node/node.hh"
#include "source/remote.hh"
#include "source/source.hh"

#include <fmt/format.h>

namespace bakehouse::cli {

namespace fs = std::filesystem;
using text::Value;

int run_init(const GlobalOptions& global, const InitCommand& command, const Screen& screen) {
  const config::Layout layout = config::load_layout(command.layout, {find_installation().layouts});
  const fs::path path = global.root.value_or(command.name);
  std::optional<fs::path> key = command.key;
  if (key) key = fs::absolute(*key);
  const config::Root root = node::init_root(path, command.name, config::Mode::cooking, layout, key);
  for (const char* remote : {"project", "pillar"}) {
    const fs::path repository = bakery::remote_path(root, remote);
    source::make_bare_repository(repository);
    source::write_push_hooks(repository, {fs::read_symlink("/proc/self/exe"), root.path, remote});
  }
  screen.say(fmt::format("made the staging root of {}: {}", command.name, root.path.native()));
  screen.say(fmt::format("next: bake ./SOURCE --root {}{}", path.native(), key ? "" : " --key FILE"));
  screen.answer(Value::map({{"project", command.name}, {"mode", "cooking"}, {"root", root.path.native()}}));
  return 0;
}

}  // namespace bakehouse::cli
