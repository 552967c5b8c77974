#include "node/services.hh"

#include "artifact/metadata.hh"
#include "base/error.hh"
#include "node/preflight.hh"
#include "node/run_place.hh"

#include <fmt/format.h>

#include <algorithm>

#include <pwd.h>
#include <unistd.h>

namespace bakehouse::node {

std::vector<std::string> base_environment(const Node& node, const std::string& deployment,
                                          const std::string& version) {
  const passwd* user = ::getpwuid(::geteuid());
  return {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      fmt::format("HOME={}", user != nullptr ? user->pw_dir : "/"),
      "LANG=C.UTF-8",
      fmt::format("BAKEHOUSE_MODE={}", config::name_of(node.root.mode)),
      fmt::format("BAKEHOUSE_ROOT={}", node.root.path.native()),
      fmt::format("BAKEHOUSE_RUN={}", node.root.at(node.root.layout.run).native()),
      fmt::format("BAKEHOUSE_DATA={}", node.root.at(node.root.layout.data).native()),
      fmt::format("BAKEHOUSE_VERSION={}", version),
      fmt::format("BAKEHOUSE_DEPLOYMENT={}", deployment),
  };
}

namespace {

using base::TreePath;
using Words = std::vector<std::string>;

TreePath part(const char* name) { return artifact::metadata_path() / name; }

const config::ProcessSettings& settings_of(const std::string& process, const config::Project& project) {
  static const config::ProcessSettings none;
  const auto found = project.processes.find(process);
  return found == project.processes.end() ? none : found->second;
}

// A node's own command stands in for the process of that name; arguments follow it as they would at a
// prompt.
Words command_words(const std::string& command, const Words& words) {
  if (words.size() <= 1) return {"/bin/bash", "-c", command};
  Words argv{"/bin/bash", "-c", command + " \"$@\""};
  argv.insert(argv.end(), words.begin(), words.end());
  return argv;
}

// The deployment at run/, as far as its processes hang on it.
struct InService {
  const std::string& deployment;
  const std::string& version;
  const launch::LaunchFile& launch;
  const config::Project& project;
};

// `words` begin with the name of the process, if it is one.
Start start_of(const Node& node, const InService& release, const Words& words) {
  const auto& settings = settings_of(words.empty() ? "" : words.front(), release.project);
  Start start;
  start.directory = node.root.at(node.root.layout.run);
  // Only layers make a command the helper's affair.
  if (!settings.command || !release.launch.buildpacks.empty())
    start.argv = {node.launch.native(), start.directory.native()};
  if (settings.command && !start.argv.empty()) start.argv.emplace_back("--");
  const Words rest = settings.command ? command_words(*settings.command, words) : words;
  start.argv.insert(start.argv.end(), rest.begin(), rest.end());
  start.environment = base_environment(node, release.deployment, release.version);
  if (settings.port) start.environment.push_back(fmt::format("PORT={}", *settings.port));
  return start;
}

}  // namespace

// Those of the release that exist here, and those that only the configuration knows.
std::vector<std::string> process_names(const launch::LaunchFile& launch, const config::Project& project) {
  Words names;
  for (const auto& process : launch.processes) {
    if (process.exists_in(launch::usual_exec_env)) names.push_back(process.type);
  }
  for (const auto& [name, settings] : project.processes) {
    if (settings.command && std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return names;
}

std::vector<service::ServiceSpec> service_specs(const Node& node, const std::string& deployment) {
  return service_specs(node, deployment, read_release_without_manifest(node, deployment));
}

std::vector<service::ServiceSpec> service_specs(const Node& node, const std::string& deployment,
                                                const ReleaseTree& release) {
  const config::Project project = read_configuration(node, deployment);
  const InService in_service{deployment, release.info.version, release.launch, project};
  std::vector<service::ServiceSpec> specs;
  for (const std::string& name : process_names(release.launch, project)) {
    Start start = start_of(node, in_service, {name});
    service::ServiceSpec spec;
    spec.name = name;
    spec.argv = std::move(start.argv);
    spec.environment = std::move(start.environment);
    spec.directory = std::move(start.directory);
    spec.log = node.root.state() / "logs" / (name + ".log");
    specs.push_back(std::move(spec));
  }
  return specs;
}

Start start_in_release(const Node& node, const Words& words) {
  const auto deployment = deployment_in_run(node);
  if (!deployment) {
    throw base::Error(base::Fault::input, fmt::format("{}: nothing is deployed", node.root.project),
                      "`release apply ARCHIVE` puts a release into service");
  }
  check_owners(node);
  // As far as the helper believes them: whoever wants to know more asks `release verify`.
  const base::Dir run = open_run(node);
  const auto info = artifact::decode_release(run.read_file(part("release.json"), artifact::largest_part));
  const TreePath launch_file = part("launch.json");
  launch::LaunchFile launch;
  if (run.exists(launch_file))
    launch = launch::parse_launch(run.read_file(launch_file, artifact::largest_part), launch_file.str());
  Words named = words;
  if (named.empty() && !launch.default_process.empty()) named = {launch.default_process};
  const config::Project project = read_configuration(node, *deployment);
  return start_of(node, {*deployment, info.version, launch, project}, named);
}

}  // namespace bakehouse::node
