#include "base/error.hh"
#include "base/files.hh"
#include "cli/bake/commands.hh"
#include "config/merge.hh"
#include "config/root.hh"

#include <fmt/format.h>

namespace bakehouse::cli {

namespace fs = std::filesystem;

// Works on a source without a root as well: then no node's configuration lies over it.
int run_config(const GlobalOptions& global, const ConfigCommand& command, const Screen& screen) {
  constexpr uint64_t largest_project_file = 1 << 20;
  const auto root_path = find_root(global);
  config::Sources sources;
  fs::path source = command.path.value_or(".");
  if (root_path) {
    const config::Root root = config::read_root(*root_path);
    sources.node_file = root.path / "node.yaml";
    if (!command.path) source = root.at(root.layout.source);
  }
  const fs::path file = source / "bake.yaml";
  sources.project_file = base::read_file(file, largest_project_file);
  sources.settings = command.settings;
  config::load_project(sources);  // lists the faults, if there are any
  const text::Value merged = config::merge_sources(sources);
  if (screen.json()) {
    screen.answer(merged);
  } else {
    std::fputs(config::describe_origins(merged).c_str(), stdout);
  }
  return 0;
}

}  // namespace bakehouse::cli
