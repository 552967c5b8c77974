#include "node/services.hh"

#include "artifact/metadata.hh"
#include "base/address.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "config/merge.hh"
#include "node/configuration.hh"
#include "node/editing.hh"
#include "node/preflight.hh"
#include "node/process_order.hh"
#include "node/run_place.hh"
#include "node/variables.hh"
#include "service/account.hh"
#include "service/pinned_view.hh"
#include "service/systemd_driver.hh"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace bakehouse::node {

std::vector<std::string> base_environment(const Node& node, const std::string& deployment,
                                          const std::string& version,
                                          const std::optional<std::string>& user) {
  return {
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      "HOME=" + (user ? service::home_of(*user) : service::own_home()),
      "LANG=C.UTF-8",
      fmt::format("BAKEHOUSE_MODE={}", config::name_of(mode_now(node))),
      fmt::format("BAKEHOUSE_ENVIRONMENT={}", environment_of(node, deployment)),
      fmt::format("BAKEHOUSE_ROOT={}", node.root.path.native()),
      fmt::format("BAKEHOUSE_RUN={}", node.root.at(node.root.layout.run).native()),
      fmt::format("BAKEHOUSE_DATA={}", node.root.at(node.root.layout.data).native()),
      fmt::format("BAKEHOUSE_VERSION={}", version),
      fmt::format("BAKEHOUSE_DEPLOYMENT={}", deployment),
  };
}

namespace {

using base::TreePath;
using text::Value;
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
Start start_of(const Node& node, const InService& release, const Words& words, int instance = 1) {
  const auto& settings = settings_of(words.empty() ? "" : words.front(), release.project);
  Start start;
  start.directory = node.root.at(node.root.layout.run);
  // Only layers make a command the helper's affair.
  if (!settings.command || !release.launch.buildpacks.empty())
    start.argv = {node.launch.native(), start.directory.native()};
  if (settings.command && !start.argv.empty()) start.argv.emplace_back("--");
  const Words rest = settings.command ? command_words(*settings.command, words) : words;
  start.argv.insert(start.argv.end(), rest.begin(), rest.end());
  start.environment =
      base_environment(node, release.deployment, release.version, release.project.services.user);
  if (settings.port) start.environment.push_back(fmt::format("PORT={}", *settings.port + instance - 1));
  if (settings.socket)
    start.environment.push_back(fmt::format("PORT={}", base::parse_address(*settings.socket).value().port));
  if (settings.count) start.environment.push_back(fmt::format("BAKEHOUSE_INSTANCE={}", instance));
  return start;
}

// The file is named, and its content is in the hands of whoever becomes the process.
void give_variables(const Node& node, const std::filesystem::path& file, Words& argv) {
  const Words before{node.launch.native(), "--variables", file.native()};
  argv.insert(argv.begin(), before.begin(), before.end());
}

// What a process may write: all else is read-only where a unit is hardened.
std::vector<std::filesystem::path> writable_paths(const Node& node) {
  const config::Layout& layout = node.root.layout;
  return {node.root.at(layout.run), node.root.at(layout.data), node.root.state() / "logs"};
}

void shape_unit(const Node& node, const config::ServiceSettings& settings, service::ServiceSpec& spec) {
  // systemd knows it, whatever becomes of that user.
  if (settings.user)
    std::erase_if(spec.environment, [](const auto& variable) { return variable.starts_with("HOME="); });
  spec.is_hardened = settings.is_hardened;
  spec.hardening = settings.hardening;
  spec.writable = writable_paths(node);
}

// The driver is chosen before any release is opened: only the node's own file has a say.
config::ServiceSettings read_service_settings(const Node& node) {
  const Value merged = config::merge_sources({{}, {}, node.root.path / "node.yaml", {}});
  const Value* services = merged.find("services");
  if (services == nullptr) return {};
  text::Diagnostics faults;
  config::ServiceSettings settings = config::decode_services(*services, faults);
  faults.throw_if_any();
  return settings;
}

bool wants_systemd(const Node& node) {
  return read_service_settings(node).driver == config::ServiceSettings::Driver::systemd;
}

// Recovery is the work of `release`, wherever the deployment comes from.
std::filesystem::path release_program() {
  const auto self = std::filesystem::read_symlink("/proc/self/exe");
  return self.filename() == "bake" ? self.parent_path() / "release" : self;
}

std::unique_ptr<service::ServiceDriver> open_systemd(const Node& node) {
  return service::open_systemd_driver(
      {node.root.project, node.root.path, release_program(), node.is_booting});
}

std::vector<std::string> instances_before(const config::ProcessSettings& settings,
                                          const config::Project& project) {
  Words before;
  for (const std::string& earlier : settings.after)
    for (const Instance& instance : instances_of(earlier, settings_of(earlier, project)))
      before.push_back(instance.name);
  return before;
}

service::ServiceSpec spec_of(const Node& node, const InService& release, const std::string& process,
                             const Instance& instance) {
  const auto& settings = settings_of(process, release.project);
  Start start = start_of(node, release, {process}, instance.number);
  service::ServiceSpec spec;
  spec.name = instance.name;
  spec.argv = std::move(start.argv);
  spec.environment = std::move(start.environment);
  spec.directory = std::move(start.directory);
  spec.log = node.root.state() / "logs" / (instance.name + ".log");
  spec.log_limits = {release.project.services.log_size, release.project.services.log_keep};
  spec.stop_signal = settings.stop_signal;
  spec.stop_timeout = settings.stop_timeout;
  spec.schedule = settings.schedule;
  if (settings.socket) spec.sockets = {*settings.socket};
  if (release.project.services.strategy == config::ServiceSettings::Strategy::overlap && can_pin())
    spec.pinned = node.root.at(node.root.layout.run);
  spec.user = release.project.services.user.value_or("");
  const auto variables = variables_file(node, release.deployment, release.project, process);
  if (are_units(node)) {
    shape_unit(node, release.project.services, spec);
    spec.after = instances_before(settings, release.project);
    spec.variables = variables.value_or("");
  } else if (variables) {
    give_variables(node, *variables, spec.argv);
  }
  return spec;
}

// A process may have the name of another one's instance. The supervisor has a log of its own.
void require_one_name_each(const std::vector<service::ServiceSpec>& specs) {
  std::set<std::string> names{"supervisor"};
  for (const auto& spec : specs) {
    if (names.insert(spec.name).second) continue;
    throw base::Error(base::Fault::input,
                      fmt::format("two processes would be called '{}'", base::printable(spec.name)),
                      "name one of them otherwise");
  }
}

}  // namespace

bool can_pin() {
  static const bool is_possible = service::PinnedView::is_possible();
  return is_possible;
}

bool are_units(const Node& node) { return service::has_units(node.root.path) || wants_systemd(node); }

std::unique_ptr<service::ServiceDriver> open_services(const Node& node) {
  // Until it is stopped, a supervisor that runs is in charge, whatever node.yaml says by now.
  const bool is_supervised =
      !service::has_units(node.root.path) && service::supervisor_runs(node.root.state());
  if (are_units(node) && !is_supervised) return open_systemd(node);
  return service::open_driver(node.root.state());
}

std::unique_ptr<service::ServiceDriver> open_services_anew(const Node& node) {
  if (service::has_units(node.root.path) && !wants_systemd(node)) {
    const std::string target = service::target_name(node.root.project);
    throw base::Error(
        base::Fault::refused,
        fmt::format("the processes of {} are units of systemd, and node.yaml no longer says so",
                    node.root.project),
        fmt::format("say `services: {{driver: systemd}}` again; or end them by `systemctl disable --now "
                    "{}`, and remove that file and its services from {}",
                    target, service::unit_directory().native()));
  }
  return open_services(node);
}

void require_word_of_node(const Node& node, const config::Project& project) {
  using Settings = config::ServiceSettings;
  const Settings of_node = read_service_settings(node);
  const char* word = nullptr;
  if (project.services.hooks == Settings::Hooks::as_root && of_node.hooks != Settings::Hooks::as_root)
    word = "hooks: root";
  if (project.services.driver == Settings::Driver::systemd && of_node.driver != Settings::Driver::systemd)
    word = "driver: systemd";
  if (word == nullptr) return;
  throw base::Error(
      base::Fault::refused, fmt::format("`services: {{{}}}` is for the machine to say", word),
      fmt::format("write it into {}, not into bake.yaml or --set", (node.root.path / "node.yaml").native()));
}

std::optional<std::string> user_of_hooks(const Node& node, const config::Project& project) {
  if (read_service_settings(node).hooks == config::ServiceSettings::Hooks::as_root) return std::nullopt;
  return project.services.user;
}

bool services_are_kept(const Node& node) {
  return service::has_units(node.root.path) || service::supervisor_runs(node.root.state());
}

std::string how_to_start_services(const Node& node) {
  if (!service::has_units(node.root.path)) return "`release start` starts the processes";
  return fmt::format("`systemctl start {}` starts them", service::target_name(node.root.project));
}

void require_no_systemd(const Node& node) {
  if (!are_units(node)) return;
  throw base::Error(base::Fault::refused,
                    fmt::format("the processes of {} are units of systemd", node.root.project),
                    service::has_units(node.root.path) ? how_to_start_services(node)
                                                       : "the next `release apply` makes and starts them");
}

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
  for (const std::string& name : in_start_order(process_names(release.launch, project), project)) {
    for (const Instance& instance : instances_of(name, settings_of(name, project)))
      specs.push_back(spec_of(node, in_service, name, instance));
  }
  require_one_name_each(specs);
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
  Start start = start_of(node, {*deployment, info.version, launch, project}, named);
  if (const auto variables = variables_file(node, *deployment, project, named.empty() ? "" : named.front()))
    give_variables(node, *variables, start.argv);
  if (project.services.user) start.identity = service::identity_of(*project.services.user);
  return start;
}

}  // namespace bakehouse::node
