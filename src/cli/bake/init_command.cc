#include "bakery/push_record.hh"
#include "base/error.hh"
#include "cli/bake/commands.hh"
#include "cli/bake/key_pair.hh"
#include "config/identity.hh"
#include "config/like.hh"
#include "node/node.hh"
#include "source/remote.hh"
#include "source/source.hh"

#include <fmt/format.h>

namespace bakehouse::cli {

namespace fs = std::filesystem;
using text::Value;

namespace {

// The root that it is made like, with what the command says over it.
config::Likeness likeness_of(const InitCommand& command) {
  config::Likeness likeness;
  if (command.like) {
    likeness = config::read_likeness(*command.like, command.name);
  } else {
    likeness.root.layout = config::load_layout(command.layout, {find_installation().layouts});
  }
  if (command.key) likeness.root.key = fs::absolute(*command.key);
  if (command.environment)
    likeness.node_file = config::with_environment(likeness.node_file, *command.environment);
  return likeness;
}

}  // namespace

int run_init(const GlobalOptions& global, const InitCommand& command, const Screen& screen) {
  const config::Likeness likeness = likeness_of(command);
  const config::Layout& layout = likeness.root.layout;
  const fs::path path = global.root.value_or(command.name);
  // What is pushed is signed with nobody there to be asked for a pass phrase.
  const fs::path own_key = fs::weakly_canonical(path) / ".bakehouse/sign.key";
  const fs::path key = likeness.root.key.value_or(own_key);
  const config::Root root =
      node::init_root(path, command.name, config::Mode::cooking, layout, key, [&](const config::Root& fresh) {
        if (key == own_key) make_key_pair(key, [](const crypto::SecretKey& made) { return made.format(); });
        config::write_likeness(likeness, fresh);
      });
  for (const char* remote : {"project", "pillar"}) {
    const fs::path repository = bakery::remote_path(root, remote);
    source::make_bare_repository(repository);
    source::write_push_hooks(repository, {fs::read_symlink("/proc/self/exe"), root.path, remote});
  }
  screen.say(fmt::format("made the staging root of {}: {}", command.name, root.path.native()));
  if (command.like && likeness.node_file)
    screen.say("its node.yaml is that of the other: see that ports and files outside of the root differ");
  const std::string recipient = config::read_identities(root).back().recipient().text();
  screen.say(fmt::format("its recipient, to seal secrets to: {}", recipient));
  if (key == own_key)
    screen.say(fmt::format("its key, for the nodes: `release trust add {}`", public_file_of(key).native()));
  screen.say(fmt::format("next: bake ./SOURCE --root {}, or git push to {}", path.native(),
                         bakery::remote_path(root, "project").native()));
  screen.answer(Value::map({{"project", command.name},
                            {"mode", "cooking"},
                            {"root", root.path.native()},
                            {"recipient", recipient}}));
  return 0;
}

}  // namespace bakehouse::cli
