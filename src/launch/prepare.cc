#include "launch/prepare.hh"

#include "base/dir.hh"
#include "launch/exec_d.hh"
#include "launch/shell.hh"

namespace bakehouse::launch {
namespace {

namespace fs = std::filesystem;

// What a platform tells its launcher, which is not for the process.
void remove_launcher_variables(Environment& environment) {
  for (const char* name :
       {"CNB_LAYERS_DIR", "CNB_APP_DIR", "CNB_PROCESS_TYPE", "CNB_PLATFORM_API", "CNB_DEPRECATION_MODE"}) {
    if (const auto found = environment.find(name); found != environment.end()) environment.erase(found);
  }
}

std::vector<fs::path> layers_of(const LaunchFile& file, const fs::path& application) {
  std::vector<fs::path> layers;
  for (const auto& buildpack : file.buildpacks) {
    for (const auto& path : buildpack.paths()) layers.push_back(application / path.str());
  }
  return layers;
}

// Everything but directories, in byte order; nothing where there is no such directory. Links are followed.
void add_files(const fs::path& directory, std::vector<fs::path>& files) {
  if (!fs::is_directory(directory)) return;
  for (const std::string& name : base::Dir::open(directory).names()) {
    if (fs::path path = directory / name; !fs::is_directory(path)) files.push_back(std::move(path));
  }
}

// Layer by layer what is for every process, then what is for this type.
std::vector<fs::path> files_of(const std::vector<fs::path>& layers, const char* directory,
                               const std::string& type) {
  std::vector<fs::path> files;
  for (const fs::path& layer : layers) {
    add_files(layer / directory, files);
    if (!type.empty()) add_files(layer / directory / type, files);
  }
  return files;
}

Invocation direct_invocation(const LaunchProcess& process, const fs::path& application) {
  Invocation invocation{process.command, application};
  invocation.argv.insert(invocation.argv.end(), process.args.begin(), process.args.end());
  if (!process.working_directory.empty()) invocation.directory /= process.working_directory;
  return invocation;
}

std::vector<fs::path> profiles_of(const std::vector<fs::path>& layers, const LaunchProcess& process,
                                  const fs::path& application) {
  std::vector<fs::path> profiles = files_of(layers, "profile.d", process.type);
  if (fs::exists(application / ".profile")) profiles.push_back(application / ".profile");
  return profiles;
}

}  // namespace

Invocation prepare(const LaunchFile& file, const LaunchProcess& process, const fs::path& application,
                   Environment environment) {
  remove_launcher_variables(environment);
  if (!file.buildpacks.empty()) {
    const base::Dir dir = base::Dir::open(application);
    const LayerTree tree{dir, application};
    for (const auto& buildpack : file.buildpacks)
      apply_layers(tree, buildpack.paths(), Phase::launch, process.type, environment);
  }
  const std::vector<fs::path> layers = layers_of(file, application);
  for (const fs::path& program : files_of(layers, "exec.d", process.type))
    run_exec_d(program, application, environment);
  Invocation invocation =
      process.direct ? direct_invocation(process, application)
                     : shell_invocation(process, profiles_of(layers, process, application), application);
  invocation.environment = to_list(environment);
  return invocation;
}

}  // namespace bakehouse::launch
