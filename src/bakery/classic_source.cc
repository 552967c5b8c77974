#include "bakery/classic_source.hh"

#include "bakery/select_files.hh"
#include "base/error.hh"
#include "buildpack/buildpack_list.hh"

#include <fmt/format.h>

#include <sstream>
#include <string_view>

namespace bakehouse::bakery {
namespace {

using base::Event;
using base::TreePath;

constexpr uint64_t largest_list = 1 << 20;

}  // namespace

std::string take_listed_buildpacks(const base::Dir& tree, config::Project& project,
                                   const base::EventSink& events) {
  if (!project.buildpacks.empty()) return "";
  using Parse = std::vector<std::string> (*)(std::string_view, std::string_view);
  const std::pair<const char*, Parse> lists[] = {{".buildpacks", buildpack::parse_buildpack_list},
                                                 {"app.json", buildpack::parse_app_json}};
  for (const auto& [name, parse] : lists) {
    const TreePath path = TreePath::parse(name);
    if (!tree.exists(path)) continue;
    project.buildpacks =
        in_list(name, [&, parse = parse] { return parse(tree.read_file(path, largest_list), path.str()); });
    if (project.buildpacks.empty()) continue;
    events({Event::Kind::note, "build", fmt::format("{} names the buildpacks", name)});
    return name;
  }
  return "";
}

base::Error blame_list(const std::string& list, const base::Error& error) {
  const std::string instead =
      fmt::format("name them under `buildpacks:` in bake.yaml, which stands above {}", list);
  const bool is_named = std::string_view(error.what()).starts_with(list);
  const base::Error named = is_named ? error : error.within(list);
  return named.with_hint(error.hint().empty() ? instead : error.hint() + "; or " + instead);
}

void remove_slug_ignored(const base::Dir& tree) {
  const TreePath path = TreePath::parse(".slugignore");
  if (!tree.exists(path)) return;
  buildpack::ProjectToml patterns;
  std::istringstream lines(tree.read_file(path, largest_list));
  for (std::string line; std::getline(lines, line);) patterns.exclude.push_back(line);
  select_files(patterns, tree);
}

}  // namespace bakehouse::bakery
