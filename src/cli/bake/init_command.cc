#include "bakery/push_record.hh"
#include "base/error.hh"
#include "cli/bake/commands.hh"
#include "cli/bake/key_pair.hh"
#include "cli/bake/preview.hh"
#include "config/identity.hh"
#include "config/like.hh"
#include "config/node_settings.hh"
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

config::Root make_root(const fs::path& path, const std::string& project, const config::Likeness& likeness,
                       const std::function<void(const config::Root&)>& fill) {
  // What is pushed is signed with nobody there to be asked for a pass phrase.
  const fs::path own_key = fs::weakly_canonical(path) / ".bakehouse/sign.key";
  const fs::path key = likeness.root.key.value_or(own_key);
  const config::Root root = node::init_root(
      path, project, config::Mode::cooking, likeness.root.layout, key, [&](const config::Root& fresh) {
        if (key == own_key) make_key_pair(key, [](const crypto::SecretKey& made) { return made.format(); });
        config::write_likeness(likeness, fresh);
        if (fill) fill(fresh);
      });
  for (const char* remote : {"project", "pillar"}) {
    const fs::path repository = bakery::remote_path(root, remote);
    if (!fs::exists(repository / "HEAD")) {
      source::make_bare_repository(repository);
      if (repository == bakery::remote_path(root, "pillar"))
        fs::permissions(repository, fs::perms::owner_all);  // as the pillar
    }
    source::write_push_hooks(repository, {fs::read_symlink("/proc/self/exe"), root.path, remote});
  }
  return root;
}

// Made, and then baked as if its branch had been pushed.
int init_preview(const GlobalOptions& global, const InitCommand& command, const Screen& screen) {
  const Installation installed = find_installation();
  const node::Node like = node::open_node(*command.like, installed.launch, make_surroundings(screen));
  const Preview preview{like, *command.branch};
  config::Likeness likeness = config::read_likeness(*command.like, command.name);
  likeness.node_file =
      preview_node_file(preview, command.environment.value_or(config::environment_of(like.root)));
  const config::Root root = make_root(global.root.value_or(preview_place(preview)), command.name, likeness,
                                      [&](const config::Root& fresh) { fill_preview(preview, fresh); });
  screen.say(fmt::format("made {} for the branch {}; `bake init {} --remove --root {}` takes it away",
                         root.path.native(), *command.branch, command.name, root.path.native()));
  screen.say(fmt::format("its ports are in {}", config::node_file_of(root).native()));
  GlobalOptions here = global;
  here.root = root.path;
  return run_cook(here, {}, screen);
}

int remove_root(const GlobalOptions& global, const InitCommand& command, const Screen& screen) {
  const Installation installed = find_installation();
  const node::Node node = node::open_node(require_root(global), installed.launch, make_surroundings(screen));
  if (node.root.project != command.name)
    throw base::Error(base::Fault::input,
                      fmt::format("'{}' is a root of {}", node.root.path.native(), node.root.project));
  remove_preview(node);
  screen.say(fmt::format("{} is gone", node.root.path.native()));
  screen.answer(Value::map({{"removed", node.root.path.native()}}));
  return 0;
}

}  // namespace

int run_init(const GlobalOptions& global, const InitCommand& command, const Screen& screen) {
  if (command.remove) return remove_root(global, command, screen);
  if (command.branch) return init_preview(global, command, screen);
  const config::Likeness likeness = likeness_of(command);
  const fs::path path = global.root.value_or(command.name);
  const config::Root root = make_root(path, command.name, likeness, {});
  screen.say(fmt::format("made the staging root of {}: {}", command.name, root.path.native()));
  if (command.like && likeness.node_file)
    screen.say("its node.yaml is that of the other: see that ports and files outside of the root differ");
  const std::string recipient = config::read_identities(root).back().recipient().text();
  screen.say(fmt::format("its recipient, to seal secrets to: {}", recipient));
  if (!likeness.root.key)
    screen.say(
        fmt::format("its key, for the nodes: `release trust add {}`", public_file_of(*root.key).native()));
  screen.say(fmt::format("next: bake ./SOURCE --root {}, or git push to {}", path.native(),
                         bakery::remote_path(root, "project").native()));
  screen.answer(Value::map({{"project", command.name},
                            {"mode", "cooking"},
                            {"root", root.path.native()},
                            {"recipient", recipient}}));
  return 0;
}

}  // namespace bakehouse::cli
