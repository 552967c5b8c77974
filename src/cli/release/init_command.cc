#include "base/clock.hh"
#include "cli/release/commands.hh"
#include "config/identity.hh"
#include "node/adopt.hh"
#include "node/node.hh"

#include <fmt/format.h>

namespace bakehouse::cli {
namespace {

using text::Value;
namespace fs = std::filesystem;

std::string recipient_of(const config::Root& root) {
  return config::read_identities(root).back().recipient().text();
}

void say_made(const config::Root& root, const Screen& screen) {
  screen.say(fmt::format("made the production root of {}: {}", root.project, root.path.native()));
  screen.say(fmt::format("its recipient, to seal secrets to: {}", recipient_of(root)));
}

Value encode(const config::Root& root) {
  return Value::map({{"project", root.project},
                     {"mode", "final"},
                     {"root", root.path.native()},
                     {"recipient", recipient_of(root)}});
}

int adopt_tree(const fs::path& path, const config::Layout& layout, const InitCommand& command,
               const Screen& screen) {
  phase::Surroundings around;
  around.clock = base::system_clock();
  // Long work, but nothing that a signal would have to undo: it leaves no root.
  around.events = screen.events();
  const node::Adopted adopted =
      node::adopt({path, command.name, layout, *command.adopt, command.version}, around);
  const config::Root& root = adopted.root;
  say_made(root, screen);
  screen.say(fmt::format("in service: {} as {}, a copy of {} ({} entries, {} bytes)", command.version,
                         adopted.deployment, command.adopt->native(), adopted.entries, adopted.bytes));
  screen.say(fmt::format("next: serve {} in its place; release trust add KEY.pub --root {}",
                         root.at(root.layout.run).native(), path.native()));
  Value facts = encode(root);
  facts.set("outcome", "good");
  facts.set("version", command.version);
  facts.set("deployment", adopted.deployment);
  facts.set("entries", adopted.entries);
  facts.set("bytes", adopted.bytes);
  screen.done(facts);
  return 0;
}

}  // namespace

int run_init(const GlobalOptions& global, const InitCommand& command, const Screen& screen) {
  const config::Layout layout = config::load_layout(command.layout, {find_installation().layouts});
  const fs::path path = global.root.value_or(command.name);
  if (command.adopt) return adopt_tree(path, layout, command, screen);
  const config::Root root = node::init_root(path, command.name, config::Mode::final, layout, std::nullopt);
  say_made(root, screen);
  screen.say(fmt::format("next: release trust add KEY.pub --root {}", path.native()));
  screen.answer(encode(root));
  return 0;
}

}  // namespace bakehouse::cli
