#include "base/error.hh"
#include "base/files.hh"
#include "cli/bake/commands.hh"
#include "config/merge.hh"
#include "config/node_settings.hh"
#include "config/pillar.hh"
#include "config/root.hh"

#include <fmt/format.h>

#include <memory>

namespace bakehouse::cli {

namespace fs = std::filesystem;

namespace {

// What templates of that root would be made with; what is sealed is named and not shown.
void add_pillar(const config::Root& root, text::Value& merged) {
  const std::string environment = config::environment_of(root);
  const fs::path directory = root.at(root.layout.pillar);
  const config::Pillar pillar =
      config::merge_pillar(config::read_pillar_files(directory, environment), directory, environment);
  const fs::path node_file = config::node_file_of(root);
  const bool is_said = config::load_node_settings(node_file).environment.has_value();
  const text::Origin origin{
      std::make_shared<const std::string>(is_said ? node_file.native() : "the mode of the root")};
  merged.set("environment", text::Value::scalar(text::Value::Kind::plain, environment, origin));
  if (const text::Value masked = config::mask(pillar); !masked.members().empty())
    merged.set("pillar", masked);
}

}  // namespace

// Works on a source without a root as well: then no node's configuration lies over it.
int run_config(const GlobalOptions& global, const ConfigCommand& command, const Screen& screen) {
  constexpr uint64_t largest_project_file = 1 << 20;
  const auto root_path = find_root(global);
  std::optional<config::Root> root;
  if (root_path) root = config::read_root(*root_path);
  config::Sources sources;
  fs::path source = command.path.value_or(".");
  if (root) {
    sources.node_file = config::node_file_of(*root);
    if (!command.path) source = root->at(root->layout.source);
  }
  const fs::path file = source / "bake.yaml";
  sources.project_file = base::read_file(file, largest_project_file);
  sources.settings = command.settings;
  config::load_project(sources);  // lists the faults, if there are any
  text::Value merged = config::merge_sources(sources);
  if (root) add_pillar(*root, merged);
  if (screen.json()) {
    screen.answer(merged);
  } else {
    std::fputs(config::describe_origins(merged).c_str(), stdout);
  }
  return 0;
}

}  // namespace bakehouse::cli
