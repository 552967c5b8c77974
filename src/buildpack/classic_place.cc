#include "buildpack/classic_place.hh"

#include "base/dir.hh"
#include "base/files.hh"
#include "buildpack/environment.hh"
#include "tree/snapshot.hh"

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;
using base::Dir;
using base::FileType;
using base::TreePath;

// The images that binaries of classic buildpacks are built for; of these the newest whose C library is not
// newer than that of Debian 12.
const char* const usual_stack = "heroku-22";

void make_programs_executable(const Dir& copy) {
  constexpr mode_t program = 0755;
  for (const char* name : {"bin/detect", "bin/compile", "bin/release"}) {
    const TreePath path = TreePath::parse(name);
    const auto found = copy.stat(path);
    if (found && found->type == FileType::regular) copy.set_mode(path, program);
  }
}

}  // namespace

TreePath classic_copy_path(const Buildpack& pack) { return TreePath::parse("classic") / pack.escaped_id(); }

fs::path make_classic_copy(const Site& site, const Buildpack& pack) {
  const Dir writable = Dir::open(site.writable());
  const TreePath path = classic_copy_path(pack);
  // Whatever another program may have put there.
  writable.remove_tree(path);
  writable.make_dirs(path, 0755);
  const Dir copy = writable.open_dir(path);
  tree::SnapshotOptions options;
  options.detail = tree::Detail::release;
  options.excluded = [](const TreePath& entry) { return entry.str() == ".git"; };
  tree::take_snapshot(Dir::open(pack.directory), copy, options);
  writable.set_mode(path, 0755);
  make_programs_executable(copy);
  return site.writable() / path.str();
}

launch::Environment classic_environment(const Site& site, launch::Environment so_far,
                                        const std::set<std::string>& exported) {
  const auto& variables = site.workshop().settings.environment;
  const auto stack = variables.find("STACK");
  so_far["STACK"] = stack == variables.end() ? usual_stack : stack->second;
  if (!site.workshop().source_version.empty()) so_far["SOURCE_VERSION"] = site.workshop().source_version;
  add_operator_variables(site, so_far, exported);
  return so_far;
}

void write_config_vars(const Site& site) {
  launch::Environment variables;
  for (const auto& [name, value] : site.workshop().settings.environment) variables[name] = value;
  add_operator_variables(site, variables);
  for (const auto& [name, value] : variables) base::write_file(site.config_vars() / name, value);
}

}  // namespace bakehouse::buildpack
