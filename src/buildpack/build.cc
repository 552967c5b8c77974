#include "buildpack/build.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "buildpack/build_toml.hh"
#include "buildpack/classic_build.hh"
#include "buildpack/environment.hh"
#include "buildpack/launch_toml.hh"
#include "buildpack/layer_cache.hh"
#include "buildpack/layers.hh"
#include "buildpack/limits.hh"
#include "buildpack/platform_exit.hh"
#include "buildpack/refused_write.hh"
#include "buildpack/wanted_network.hh"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Event;
using base::Fault;
using base::TreePath;

// A process in the form that a node reads. `application` is where the buildpack saw it.
launch::LaunchProcess to_launch(const Process& process, const fs::path& application) {
  launch::LaunchProcess made;
  made.type = process.type;
  made.command = process.command;
  made.args = process.args;
  made.buildpack = process.buildpack;
  made.direct = process.direct;
  made.user_args =
      process.api.has_direct_processes_only() ? launch::UserArgs::replace : launch::UserArgs::append;
  made.exec_env = process.exec_envs;
  // With a name at its end, so that "web/" is "web".
  const fs::path directory = (fs::path(process.working_directory) / ".").lexically_normal().parent_path();
  const fs::path inside = directory.is_absolute() ? directory.lexically_relative(application) : directory;
  if (inside != ".") made.working_directory = inside.native();
  return made;
}

std::string describe(const RefusedWrite& refused) {
  return fmt::format("it tried to write outside of the application and its layers, where a build may not{}{}",
                     refused.path.empty() ? "" : ": ", base::printable(refused.path));
}

class Builder {
 public:
  Builder(Selection selection, const Site& site)
      : selection_(std::move(selection)),
        site_(site),
        tree_(base::Dir::open(site.workshop().application)),
        classic_(site, tree_, around_classic()) {
    const fs::path& cache = site.workshop().cache;
    if (cache.empty()) return;
    cache_.emplace(base::Dir::open_or_make(cache, 0700),
                   [this](const std::string& text) { say(Event::Kind::warning, text); });
  }

  BuildResult run(const Inspect& inspect) {
    // What a detection may have left there.
    tree_.remove_tree(launch::all_layers_directory());
    for (size_t i = 0; i < selection_.packs.size(); ++i)
      selection_.packs[i]->is_classic() ? build_classic(i) : build_one(i);
    finish_classic();
    std::vector<BuiltPack> all;
    for (size_t i = 0; i < selection_.packs.size(); ++i) all.push_back({selection_.packs[i], &built_[i]});
    if (inspect) inspect(all);
    if (cache_) save(all);
    if (cache_) commit_classic();
    with_platform_exit(PlatformExit::build, "what the buildpacks left", [&] {
      keep_launched(tree_, all,
                    [&](const TreePath& layer) { return cache_ && cache_->set_aside(tree_, layer); });
      make_links_relative(tree_, site_.application());
      // Programs may have looked up where they really are.
      if (site_.workshop().settings.app_path) make_links_relative(tree_, site_.workshop().run);
    });
    return {launch_file(), launched_sboms()};
  }

 private:
  void build_one(size_t i) {
    const Buildpack& pack = *selection_.packs[i];
    say(Event::Kind::note, fmt::format("{} {}", pack.id, pack.version));
    begin_layers(pack);
    const fs::path plan = site_.make_plan(pack, Site::Purpose::build,
                                          format_plan(requirements_for(i, selection_.dependencies)));
    launch::Environment environment = environment_so_far();
    complete_environment(site_, pack, plan, environment, classic_.exported());
    run_program({pack,
                 "bin/build",
                 {site_.layers(pack).native(), site_.platform().native(), plan.native()},
                 std::move(environment)},
                "the buildpack " + pack.id);
    blame(pack, [&] { take_results(i); });
  }

  void build_classic(size_t i) {
    const Buildpack& pack = *selection_.packs[i];
    say(Event::Kind::note, fmt::format("{} {}", pack.id, pack.version));
    const launch::Environment environment = environment_so_far();
    blame(pack, [&] {
      classic_.build(pack, environment);
      require_layers();
      built_.emplace_back();
    });
  }

  // Of those that built before: it may do what it likes with the application, and their layers lie in it.
  void require_layers() const {
    for (size_t k = 0; k < built_.size(); ++k) {
      for (const std::string& name : built_[k].launch) {
        const Buildpack& owner = *selection_.packs[k];
        if (tree_.exists(launch::layers_directory(owner.id) / name)) continue;
        throw Error(Fault::build, fmt::format("it removed the layer '{}' of {}", name, owner.id),
                    "let it build before that one");
      }
    }
  }

  // Processes and their layer, when all have built: a Procfile may be written by a build.
  void finish_classic() {
    const Buildpack* last = classic_.last();
    if (last == nullptr) return;
    blame(*last, [&] {
      add_processes(classic_.processes(), *last);
      const auto place = std::ranges::find(selection_.packs, last) - selection_.packs.begin();
      built_[static_cast<size_t>(place)].launch.push_back(classic_.write_layer());
      launch::parse_launch(launch::format_launch(launch_file()), "launch.json");
    });
  }

  void commit_classic() const {
    try {
      classic_.commit_cache();
    } catch (const Error& error) {
      say(Event::Kind::warning,
          fmt::format("the cache of the classic buildpacks could not be kept: {}", error.what()));
    }
  }

  ClassicBuild::Around around_classic() const {
    return {[this](const Site::Call& call, const std::string& what) { run_program(call, what); },
            [this](const Buildpack& pack, const std::string& text) { warn(pack, text); }};
  }

  // What a buildpack left is its own fault, and not that of the source.
  template <typename Work>
  static void blame(const Buildpack& pack, Work work) {
    try {
      work();
    } catch (const PlatformFailure&) {
      throw;  // of a program, and says whose
    } catch (const Error& error) {
      throw PlatformFailure(PlatformExit::build, error.within("the buildpack " + pack.id).as(Fault::build));
    }
  }

  void begin_layers(const Buildpack& pack) {
    const TreePath directory = launch::layers_directory(pack.id);
    tree_.remove_tree(directory);  // no other buildpack has any say in it
    // Other platforms keep bills of materials there, and buildpacks may rely on its absence.
    tree_.remove_tree(launch::all_layers_directory() / "sbom");
    tree_.make_dirs(directory, 0755);
    if (!cache_) return;
    try {
      cache_->restore(tree_, pack);
    } catch (const Error& error) {
      warn(pack, fmt::format("its layers of the last build cannot be had: {}", error.what()));
      tree_.remove_tree(directory);
      tree_.make_dirs(directory, 0755);
    }
  }

  void save(const std::vector<BuiltPack>& all) {
    try {
      cache_->save(tree_, all);
    } catch (const Error& error) {
      // The build is as good without; the next one begins anew.
      say(Event::Kind::warning,
          fmt::format("the layers could not be kept for the next build: {}", error.what()));
    }
  }

  launch::Environment environment_so_far() const {
    launch::Environment environment = first_environment(site_);
    const launch::LayerTree layers{tree_, site_.application()};
    for (size_t k = 0; k < built_.size(); ++k) {
      const Buildpack& pack = *selection_.packs[k];
      classic_.apply_export(pack, environment);
      std::vector<TreePath> paths;
      for (const std::string& name : built_[k].build)
        paths.push_back(launch::layers_directory(pack.id) / name);
      blame(pack, [&] { launch::apply_layers(layers, paths, launch::Phase::build, "", environment); });
    }
    return environment;
  }

  void run_program(const Site::Call& call, const std::string& what) const {
    std::optional<RefusedWrite> refused;
    bool wanted_network = false;
    const auto status = site_.run(call, [&](std::string_view line) {
      if (!refused) refused = find_refused_write(line);
      wanted_network = wanted_network || speaks_of_network(line);
      say(Event::Kind::output, std::string(line));
    });
    if (status.ok()) return;
    Error error(Fault::build, fmt::format("{} {}", what, status.describe()));
    if (refused) error = error.with_hint(describe(*refused));
    if (!refused && site_.workshop().offline) {
      error = error.with_hint(wanted_network ? "it wanted the network, and the build ran offline"
                                             : "the build ran offline: it fails if it needs the network");
    }
    throw PlatformFailure(PlatformExit::buildpack_failed, error);
  }

  // A file that is not there says nothing.
  template <typename Parse>
  auto read(const char* name, const Buildpack& pack, Parse parse) const {
    const TreePath path = launch::layers_directory(pack.id) / name;
    return parse(tree_.exists(path) ? tree_.read_file(path, largest_toml) : std::string(), name);
  }

  void take_results(size_t i) {
    const Buildpack& pack = *selection_.packs[i];
    built_.push_back(take_layers(
        tree_, pack, [&](const std::string& layer) { return cache_ && cache_->reuse(tree_, pack, layer); }));
    take_sboms(pack, built_.back());
    const auto unmet = read("build.toml", pack, [](const std::string& toml, const char* name) {
      return parse_build_toml(toml, name);
    });
    remove_met(selection_.dependencies, i, unmet);
    const LaunchToml launched = read("launch.toml", pack, [&](const std::string& toml, const char* name) {
      return parse_launch_toml(toml, name, pack.api);
    });
    add_processes(launched, pack);
    // What no node would accept must not be signed: the reader of releases is the judge.
    launch::parse_launch(launch::format_launch(launch_file()), "launch.json");
  }

  void add_processes(const LaunchToml& launched, const Buildpack& pack) {
    plan_.warnings.clear();
    add_launch_toml(launched, pack.id, plan_);
    for (const std::string& warning : plan_.warnings) warn(pack, warning);
  }

  void take_sboms(const Buildpack& pack, BuiltLayers& built) const {
    std::vector<std::string> layers;
    for (const BuiltLayer& layer : built.all) layers.push_back(layer.name);
    built.sboms =
        buildpack::take_sboms(tree_, pack, layers, [&](const std::string& text) { warn(pack, text); });
  }

  // Those of layers that only the build needed stay in the cache.
  std::map<std::string, std::string> launched_sboms() const {
    std::map<std::string, std::string> parts;
    for (size_t i = 0; i < built_.size(); ++i) {
      for (const Sbom& sbom : built_[i].sboms) {
        const bool is_launched =
            sbom.subject == "launch" || std::ranges::binary_search(built_[i].launch, sbom.subject);
        if (is_launched) parts[sbom.part_name(*selection_.packs[i])] = sbom.content;
      }
    }
    return parts;
  }

  launch::LaunchFile launch_file() const {
    launch::LaunchFile file;
    for (const Process& process : plan_.processes)
      file.processes.push_back(to_launch(process, site_.application()));
    file.default_process = plan_.default_process;
    for (size_t i = 0; i < built_.size(); ++i) {
      if (!built_[i].launch.empty()) file.buildpacks.push_back({selection_.packs[i]->id, built_[i].launch});
    }
    return file;
  }

  void say(Event::Kind kind, const std::string& text) const {
    site_.workshop().events({kind, "build", text});
  }
  void warn(const Buildpack& pack, const std::string& text) const {
    say(Event::Kind::warning, fmt::format("{}: {}", pack.id, text));
  }

  Selection selection_;
  const Site& site_;
  const base::Dir tree_;
  ClassicBuild classic_;
  std::optional<LayerCache> cache_;
  std::vector<BuiltLayers> built_;  // of the buildpacks that have built
  LaunchPlan plan_;
};

}  // namespace

BuildResult build(Selection selection, const Site& site, const Inspect& inspect) {
  return Builder(std::move(selection), site).run(inspect);
}

}  // namespace bakehouse::buildpack
