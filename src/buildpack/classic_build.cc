#include "buildpack/classic_build.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "buildpack/classic_cache.hh"
#include "buildpack/classic_place.hh"
#include "buildpack/platform_exit.hh"
#include "launch/launch_file.hh"
#include "tree/snapshot.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;
using base::Dir;
using base::Event;
using base::TreePath;

constexpr uint64_t largest_output = 1 << 20;
constexpr uint64_t largest_environment = 4 << 20;

// A script that sets an option, or fails in the middle, has exported what it had exported by then.
const char* const source_and_tell =
    "trap '/usr/bin/env -0 >\"$bakehouse_told\"' EXIT\n"
    "bakehouse_told=$2\n"
    "source \"$1\"\n";

const char* const run_into_file =
    "told=$1\n"
    "shift\n"
    "exec \"$@\" >\"$told\"\n";

// In bash, after the environment and before `.profile`, whose place in the order it has on other platforms.
const char* const profile_script =
    "# Of classic buildpacks: HOME is the application, whose .profile.d/*.sh are read in the order of their "
    "bytes.\n"
    "export HOME=$PWD\n"
    "if [[ -n ${BAKEHOUSE_INSTANCE-} && ${DYNO-} == *.1 ]]; then DYNO=${DYNO%1}$BAKEHOUSE_INSTANCE; fi\n"
    "mapfile -d '' -t bakehouse_profiles < <(LC_ALL=C; printf '%s\\0' .profile.d/*.sh)\n"
    "for bakehouse_profile in \"${bakehouse_profiles[@]}\"; do\n"
    "  if [[ -f $bakehouse_profile ]]; then source \"$bakehouse_profile\"; fi\n"
    "done\n"
    "unset bakehouse_profile bakehouse_profiles\n";

// What belongs to the release and not to the application, by name.
constexpr const char* ours[] = {"bake.yaml", ".bake"};

void copy_entry(const Dir& from, const TreePath& name, const Dir& to) {
  const auto directory = from.open_dir_if_any(name);
  if (!directory) {
    base::write_all(to.create_file(name, 0644), from.read_file(name, largest_output), name.str());
    return;
  }
  to.make_dir(name, 0755);
  tree::take_snapshot(*directory, to.open_dir(name), {tree::Detail::release});
}

Process to_process(const std::string& type, const std::string& command) {
  Process process;
  process.type = type;
  process.command = {command};
  process.direct = false;
  process.is_default = type == "web";
  return process;
}

void write_text(const Dir& tree, const TreePath& path, std::string_view text) {
  base::write_all(tree.create_file(path, 0644), text, path.str());
}

}  // namespace

ClassicBuild::ClassicBuild(const Site& site, const Dir& tree, Around around)
    : site_(site), tree_(tree), around_(std::move(around)) {}

void ClassicBuild::begin(const Buildpack& pack) {
  write_config_vars(site_);
  keep_what_is_ours();
  if (const fs::path& cache = site_.workshop().cache; !cache.empty())
    restore_classic_cache(cache, [&](const std::string& text) { around_.warn(pack, text); });
}

// Some replace the whole application by one of its directories.
void ClassicBuild::keep_what_is_ours() const {
  const Dir kept = Dir::open_or_make(site_.workshop().scratch / "ours", 0700);
  for (const char* name : ours) {
    if (const TreePath path = TreePath::parse(name); tree_.exists(path)) copy_entry(tree_, path, kept);
  }
}

void ClassicBuild::put_back_what_is_ours(const Buildpack& pack) const {
  const Dir kept = Dir::open(site_.workshop().scratch / "ours");
  for (const char* name : ours) {
    const TreePath path = TreePath::parse(name);
    if (tree_.exists(path) || !kept.exists(path)) continue;
    copy_entry(kept, path, tree_);
    site_.workshop().events(
        {Event::Kind::note, "build", fmt::format("{} removed '{}', which is put back", pack.id, name)});
  }
}

void ClassicBuild::build(const Buildpack& pack, const launch::Environment& so_far) {
  if (last_ == nullptr) begin(pack);
  last_ = &pack;
  const fs::path copy = make_classic_copy(site_, pack);
  const launch::Environment environment = classic_environment(site_, so_far, exported());
  around_.run({pack,
               (copy / "bin/compile").native(),
               {site_.application().native(), site_.classic_cache().native(), site_.config_vars().native()},
               environment,
               copy},
              "the buildpack " + pack.id);
  put_back_what_is_ours(pack);
  take_export(pack, copy, environment);
  take_release(pack, copy, environment);
}

void ClassicBuild::take_export(const Buildpack& pack, const fs::path& copy,
                               const launch::Environment& before) {
  const Dir writable = Dir::open(site_.writable());
  const auto found = writable.stat(classic_copy_path(pack) / "export");
  if (!found || found->type != base::FileType::regular) return;
  const TreePath told = TreePath::parse("classic/exported");
  writable.remove_tree(told);
  const Site::Call call{
      pack,
      "/bin/bash",
      {"-c", source_and_tell, "export", (copy / "export").native(), (site_.writable() / told.str()).native()},
      before,
      copy};
  site_.run(call, [&](std::string_view line) {
    site_.workshop().events({Event::Kind::output, "build", std::string(line)});
  });
  if (!writable.exists(told)) {
    around_.warn(pack, "its file 'export' does not tell of any variable: buildpacks behind it miss them");
    return;
  }
  EnvironmentChange change = find_change(before, writable.read_file(told, largest_environment));
  change.set.erase("bakehouse_told");
  exports_[&pack] = std::move(change);
}

void ClassicBuild::take_release(const Buildpack& pack, const fs::path& copy,
                                const launch::Environment& environment) {
  const Dir writable = Dir::open(site_.writable());
  if (!writable.exists(classic_copy_path(pack) / "bin/release")) return;
  const TreePath told = TreePath::parse("classic/released");
  writable.remove_tree(told);
  around_.run({pack,
               "/bin/bash",
               {"-c", run_into_file, "release", (site_.writable() / told.str()).native(),
                (copy / "bin/release").native(), site_.application().native()},
               environment,
               copy},
              "bin/release of the buildpack " + pack.id);
  ClassicRelease release = parse_classic_release(writable.read_file(told, largest_output), "bin/release");
  if (!release.is_empty()) release_ = std::move(release);
}

void ClassicBuild::apply_export(const Buildpack& pack, launch::Environment& environment) const {
  if (const auto found = exports_.find(&pack); found != exports_.end()) found->second.apply(environment);
}

std::set<std::string> ClassicBuild::exported() const {
  std::set<std::string> names;
  for (const auto& [pack, change] : exports_)
    for (const auto& [name, value] : change.set) names.insert(name);
  return names;
}

ProcessLines ClassicBuild::process_lines() const {
  ProcessLines lines = release_.processes;
  const TreePath procfile = TreePath::parse("Procfile");
  if (!tree_.exists(procfile)) return lines;
  for (auto& [type, command] : parse_procfile(tree_.read_file(procfile, largest_output), "Procfile")) {
    std::erase_if(lines, [&, &name = type](const auto& line) { return line.first == name; });
    lines.emplace_back(type, command);
  }
  return lines;
}

LaunchToml ClassicBuild::processes() const {
  LaunchToml launch;
  for (const auto& [type, command] : process_lines()) launch.processes.push_back(to_process(type, command));
  return launch;
}

std::string ClassicBuild::write_layer() const {
  std::string name = "classic";
  tree_.remove_tree(launch::layers_directory(last_->id));
  const TreePath layer = launch::layers_directory(last_->id) / name;
  tree_.make_dirs(layer / "profile.d", 0755);
  write_text(tree_, layer / "profile.d/classic.sh", profile_script);
  tree_.make_dirs(layer / "env.launch", 0755);
  for (const auto& [variable, value] : release_.config_vars)
    write_text(tree_, layer / "env.launch" / (variable + ".default"), value);
  for (const auto& [type, command] : process_lines()) {
    tree_.make_dirs(layer / "env.launch" / type, 0755);
    write_text(tree_, layer / "env.launch" / type / "DYNO.default", type + ".1");
  }
  return name;
}

void ClassicBuild::commit_cache() const {
  if (last_ != nullptr && !site_.workshop().cache.empty()) commit_classic_cache(site_.workshop().cache);
}

}  // namespace bakehouse::buildpack
