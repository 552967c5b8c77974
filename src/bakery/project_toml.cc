#include "bakery/project_toml.hh"

#include "bakery/select_files.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "buildpack/classic.hh"
#include "buildpack/exec_env.hh"
#include "buildpack/inline_buildpack.hh"
#include "launch/launch_file.hh"

#include <fmt/format.h>

#include <map>
#include <vector>

namespace bakehouse::bakery {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Event;
using base::Fault;
using base::TreePath;
using buildpack::Buildpack;
using buildpack::Group;
using buildpack::ProjectBuildpack;
using buildpack::ProjectToml;
using buildpack::Reference;

constexpr const char* file_name = "project.toml";
constexpr uint64_t largest_file = 1 << 20;

void add_variables(const ProjectToml& file, config::Project& project) {
  // Of its own names the last one counts; what bake.yaml names is there already.
  std::map<std::string, std::string> variables;
  for (const auto& variable : file.environment) {
    if (buildpack::is_meant_for(variable.exec_envs, launch::usual_exec_env))
      variables[variable.name] = variable.value;
  }
  project.build.environment.merge(variables);
}

void tell(const ProjectToml& file, const config::Project& project, const base::EventSink& events) {
  for (const auto& warning : file.warnings) {
    events({Event::Kind::warning, "build",
            fmt::format("{}: {}{}", warning.origin.describe(), warning.message,
                        warning.hint.empty() ? "" : " (" + warning.hint + ")")});
  }
  const bool names_some = !file.group.empty() || !file.pre.empty() || !file.post.empty();
  if (names_some && !project.buildpacks.empty())
    events(
        {Event::Kind::note, "build", "bake.yaml names the buildpacks; those of project.toml are not used"});
}

// "urn:cnb:builder:ID@VERSION" and "from=builder:ID@VERSION" mean those that a platform brings with it.
std::optional<Reference> reference_in(const std::string& uri) {
  for (const std::string_view prefix : {"urn:cnb:builder:", "from=builder:"}) {
    if (!uri.starts_with(prefix)) continue;
    const std::string name = uri.substr(prefix.size());
    const size_t at = name.find('@');
    return Reference{name.substr(0, at), at == std::string::npos ? "" : name.substr(at + 1), false, {}};
  }
  return std::nullopt;
}

bool is_image(const std::string& uri) { return uri.starts_with("urn:") || uri.starts_with("docker:"); }

Buildpack load_uri(std::string uri, const PackSources& from) {
  constexpr std::string_view file_scheme = "file://";
  if (uri.starts_with(file_scheme)) uri.erase(0, file_scheme.size());
  if (is_image(uri)) {
    throw Error(Fault::input, fmt::format("the buildpack '{}' cannot be fetched", base::printable(uri)),
                "put it into the source and name its directory: uri = \"./packs/own\"");
  }
  const bool is_whole = uri.starts_with('/') || uri.starts_with('.') || uri.find("://") != std::string::npos;
  return from.sources.open(is_whole ? uri : "./" + uri);
}

class Members {
 public:
  Members(const PackSources& from, buildpack::Store& store) : from_(from), store_(store) {}

  Group all_of(const std::vector<ProjectBuildpack>& packs) {
    Group group;
    for (const ProjectBuildpack& pack : packs) {
      Reference member = base::with_context(file_name, [&] { return one(pack); });
      member.exec_envs = pack.exec_envs;
      group.push_back(std::move(member));
    }
    return group;
  }

 private:
  Reference one(const ProjectBuildpack& pack) {
    if (pack.script) {
      const fs::path directory = from_.scratch / fmt::format("inline-{}", inline_++);
      buildpack::write_inline_buildpack(pack, directory);
      return add(buildpack::load_buildpack(directory));
    }
    const auto named = reference_in(pack.uri);
    if (!pack.uri.empty() && !named) return add(load_uri(pack.uri, from_));
    if (!named && pack.id.empty()) throw Error(Fault::input, "a buildpack has neither 'id' nor 'uri'");
    store_.add_directory(from_.shipped);
    return named ? *named : Reference{pack.id, pack.version, false, {}};
  }

  Reference add(Buildpack pack) {
    buildpack::make_id_unique(pack, added_);
    added_.push_back(pack);
    if (pack.is_composite()) {
      store_.add_directory(pack.directory.parent_path());
      store_.add_directory(from_.shipped);
    }
    store_.add(pack);
    return {pack.id, pack.version, false, {}};
  }

  const PackSources& from_;
  buildpack::Store& store_;
  std::vector<Buildpack> added_;
  int inline_ = 0;
};

}  // namespace

std::optional<ProjectToml> take_project_toml(const base::Dir& tree, config::Project& project,
                                             const base::EventSink& events) {
  const TreePath path = TreePath::parse(file_name);
  if (!tree.exists(path)) return std::nullopt;
  ProjectToml file = buildpack::parse_project_toml(tree.read_file(path, largest_file), file_name);
  tell(file, project, events);
  add_variables(file, project);
  select_files(file, tree);
  return file;
}

void apply_groups(const ProjectToml& file, const PackSources& from, buildpack::Order& order,
                  buildpack::Store& store) {
  Members members(from, store);
  if (!file.group.empty()) order = {members.all_of(file.group)};
  order = buildpack::with_ends(order, members.all_of(file.pre), members.all_of(file.post));
}

}  // namespace bakehouse::bakery
