#include "bakery/build.hh"

#include "artifact/hooks.hh"
#include "bakery/classic_source.hh"
#include "bakery/project_toml.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "buildpack/build.hh"
#include "buildpack/classic.hh"
#include "buildpack/sources.hh"
#include "config/merge.hh"
#include "phase/hooks.hh"
#include "tree/scan.hh"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

namespace bakehouse::bakery {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Event;
using base::Fault;
using base::TreePath;

constexpr uint64_t largest_project_file = 1 << 20;

// The hook of a build phase comes from the checkout itself; what it is was decided by whoever
// could write the source.
void run_build_hook(const node::Node& node, const std::string& phase, const base::Dir& tree,
                    const config::Project& project, const CookOptions& options) {
  const TreePath bake_directory = TreePath::parse(".bake");
  tree::ScanOptions only_hooks;
  only_hooks.excluded = [&](const TreePath& path) { return !path.is_within(bake_directory); };
  const tree::Manifest manifest = tree::scan(tree, only_hooks).manifest;
  artifact::check_hooks(manifest);
  std::vector<phase::HookProgram> programs;
  for (auto& hook : artifact::open_hooks(tree, manifest, phase)) {
    programs.push_back({std::move(hook.name), std::move(hook.file)});
  }
  if (programs.empty()) return;
  node.around.events({Event::Kind::phase_started, phase, ""});
  if (options.offline) {
    node.around.events(
        {Event::Kind::warning, phase, "hooks may use the network: --offline is for buildpacks alone"});
  }
  phase::HookRun run;
  run.phase = phase;
  run.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                     "LANG=C.UTF-8",
                     fmt::format("HOME={}", tree.path().native()),
                     fmt::format("BAKEHOUSE_PHASE={}", phase),
                     fmt::format("BAKEHOUSE_MODE={}", config::name_of(node.root.mode)),
                     fmt::format("BAKEHOUSE_ROOT={}", node.root.path.native())};
  for (const auto& [name, value] : project.build.environment)
    run.environment.push_back(fmt::format("{}={}", name, value));
  run.directory = tree.path();
  run.settings = project.hook(phase);
  run.log = node.root.state() / "hooks.log";
  phase::run_hooks(programs, run, nullptr, node.around);
  node.around.events({Event::Kind::phase_done, phase, ""});
}

// What bake.yaml names, all of it; or whichever of the shipped ones apply.
struct Choice {
  buildpack::Store store;
  buildpack::Order order;
};

buildpack::Sources open_sources(const node::Node& node, const base::Dir& tree, const CookOptions& options) {
  buildpack::SourcesRequest request;
  request.shipped = options.buildpacks;
  request.project = tree.path();
  request.kept = node.root.state() / "buildpacks";
  request.warn = [events = node.around.events](const std::string& text) {
    events({Event::Kind::warning, "build", text});
  };
  request.cancelled = node.around.cancelled;
  if (options.offline) request.network = buildpack::SourcesRequest::Network::forbidden;
  return buildpack::Sources(std::move(request));
}

std::vector<buildpack::Buildpack> named_buildpacks(const config::Project& project,
                                                   buildpack::Sources& sources) {
  std::vector<buildpack::Buildpack> packs;
  std::map<std::string, std::string> names;
  for (const std::string& name : project.buildpacks) {
    auto pack = sources.open(name);
    buildpack::make_id_unique(pack, packs);
    const auto [earlier, is_new] = names.emplace(pack.describe(), name);
    if (!is_new) {
      throw Error(Fault::input,
                  fmt::format("the buildpack {} is named twice: '{}' and '{}'", pack.describe(),
                              base::printable(earlier->second), base::printable(name)),
                  "a buildpack is known by the id and version in its buildpack.toml: leave one of them out");
    }
    packs.push_back(std::move(pack));
  }
  return packs;
}

// What the source says of its build besides bake.yaml, which stands above all of it.
struct SourceFiles {
  std::optional<buildpack::ProjectToml> project_toml;
  std::string list;  // the file that names the buildpacks of the project, when bake.yaml does not
};

SourceFiles take_source_files(const base::Dir& tree, config::Project& project,
                              const base::EventSink& events) {
  SourceFiles files;
  files.project_toml = take_project_toml(tree, project, events);
  const auto& file = files.project_toml;
  if (!file || file->group.empty()) files.list = take_listed_buildpacks(tree, project, events);
  if (file && !files.list.empty() && !(file->pre.empty() && file->post.empty())) {
    events({Event::Kind::warning, "build",
            fmt::format("{} names the buildpacks; `pre` and `post` of project.toml are not used (name all of "
                        "them under `buildpacks:` in bake.yaml)",
                        files.list)});
  }
  return files;
}

// A project.toml only counts where bake.yaml names none.
Choice choose_buildpacks(const config::Project& project, const CookOptions& options, const SourceFiles& files,
                         const base::TempDir& scratch, buildpack::Sources& sources) {
  const bool is_named = !project.buildpacks.empty();
  const auto name_packs = [&] { return named_buildpacks(project, sources); };
  std::vector<buildpack::Buildpack> packs;
  if (!is_named) packs = buildpack::shipped_buildpacks(options.buildpacks);
  if (is_named) packs = files.list.empty() ? name_packs() : in_list(files.list, name_packs);
  Choice choice;
  choice.order.emplace_back();
  for (const buildpack::Buildpack& pack : packs) {
    choice.order.front().push_back({pack.id, pack.version, !is_named, {}});
    choice.store.add(pack);
  }
  // What a composite is made of stands beside it, or is shipped; of what is there twice the first counts.
  for (const buildpack::Buildpack& pack : packs) {
    if (!pack.is_composite()) continue;
    for (const fs::path& place : sources.beside(pack)) choice.store.add_directory(place);
    choice.store.add_directory(options.buildpacks);
  }
  if (files.project_toml && !is_named)
    apply_groups(*files.project_toml, {options.buildpacks, scratch.path(), sources}, choice.order,
                 choice.store);
  return choice;
}

fs::path root_path_of(const node::Node& node, const config::Project& project) {
  return project.root.value_or(node.root.path);
}

buildpack::Site make_site(const node::Node& node, const config::Project& project,
                          const source::Checkout& checkout, const base::Dir& tree, const CookOptions& options,
                          const base::TempDir& scratch, const Choice& choice) {
  // As the platforms of classic buildpacks do it: before any of them looks at the source.
  if (std::ranges::any_of(choice.store.all(), &buildpack::Buildpack::is_classic)) remove_slug_ignored(tree);
  return {{tree.path(), root_path_of(node, project), run_path_of(node, project), scratch.path(),
           node.root.state() / "cache", project.build, node.around.events, node.around.cancelled,
           options.offline, node.root.state() / "build-config", checkout.commit, node.root.path},
          choice.store};
}

std::vector<buildpack::Answer> misfits_among(const Detected& detected) {
  std::vector<buildpack::Answer> misfits;
  std::ranges::copy_if(detected.answers, std::back_inserter(misfits), [&](const buildpack::Answer& answer) {
    return !answer.ignored_target.empty() &&
           std::ranges::find(detected.builders, answer.pack) != detected.builders.end();
  });
  return misfits;
}

// What the project file says of processes stands above what buildpacks found.
void apply_process_settings(const config::Project& project, launch::LaunchFile& launch) {
  for (const auto& setting : project.processes) {
    const std::string& name = setting.first;
    const auto& command = setting.second.command;
    if (!command && launch.find(name) == nullptr) {
      throw Error(Fault::input,
                  fmt::format("bake.yaml speaks of a process '{}', which no buildpack defined", name),
                  "give it a `command:` or name it in the Procfile");
    }
    if (!command) continue;
    std::erase_if(launch.processes, [&](const auto& process) { return process.type == name; });
    // For the shell of the launcher, which reads the profiles of the layers first.
    launch.processes.push_back({name, {*command}, {}, "", "", false});
  }
  std::sort(launch.processes.begin(), launch.processes.end(),
            [](const auto& a, const auto& b) { return a.type < b.type; });
}

}  // namespace

ProjectFile read_project(const node::Node& node, const base::Dir& checkout,
                         const std::vector<std::string>& settings) {
  const TreePath file = TreePath::parse("bake.yaml");
  if (!checkout.exists(file)) {
    throw Error(Fault::input, "the source has no bake.yaml",
                fmt::format("the least is one line: `name: {}`", node.root.project));
  }
  config::Sources sources;
  sources.project_file = checkout.read_file(file, largest_project_file);
  sources.node_file = node.root.path / "node.yaml";
  sources.settings = settings;
  ProjectFile read{sources.project_file, config::load_project(sources)};
  if (read.project.name != node.root.project) {
    throw Error(Fault::input,
                fmt::format("bake.yaml is of the project '{}', this root is for '{}'", read.project.name,
                            node.root.project),
                fmt::format("make a root for it: bake init {} --root DIRECTORY", read.project.name));
  }
  return read;
}

fs::path run_path_of(const node::Node& node, const config::Project& project) {
  return root_path_of(node, project) / node.root.layout.run.str();
}

Detected detect(const node::Node& node, config::Project project, const source::Checkout& checkout,
                const base::Dir& tree, const CookOptions& options) {
  const SourceFiles files = take_source_files(tree, project, node.around.events);
  const base::TempDir scratch;
  buildpack::Sources sources = open_sources(node, tree, options);
  const Choice choice = choose_buildpacks(project, options, files, scratch, sources);
  const buildpack::Site site = make_site(node, project, checkout, tree, options, scratch, choice);
  return summarise(buildpack::detect(choice.order, choice.store, site));
}

Built build(const node::Node& node, config::Project project, const source::Checkout& checkout,
            const base::Dir& tree, const CookOptions& options, BuildLog& log) {
  const SourceFiles files = take_source_files(tree, project, node.around.events);
  run_build_hook(node, "pre_install", tree, project, options);
  node.around.events({Event::Kind::phase_started, "build", ""});
  const base::TempDir scratch;
  buildpack::Sources sources = open_sources(node, tree, options);
  const Choice choice = choose_buildpacks(project, options, files, scratch, sources);
  const buildpack::Site site = make_site(node, project, checkout, tree, options, scratch, choice);
  buildpack::Detection detection = buildpack::detect(choice.order, choice.store, site);
  const Detected detected = summarise(detection);
  log.write(describe(detected));
  buildpack::Selection selection = buildpack::require_selection(std::move(detection));
  Built built;
  built.misfits = misfits_among(detected);
  for (const buildpack::Buildpack* pack : selection.packs)
    built.buildpacks.push_back(sources.describe(*pack));
  buildpack::BuildResult result = buildpack::build(std::move(selection), site);
  built.launch = std::move(result.launch);
  if (project.build.app_path) built.launch.app_path = project.build.app_path->native();
  built.sboms = std::move(result.sboms);
  sources.finish();
  apply_process_settings(project, built.launch);
  node.around.events({Event::Kind::phase_done, "build", ""});
  run_build_hook(node, "post_build", tree, project, options);
  return built;
}

}  // namespace bakehouse::bakery
