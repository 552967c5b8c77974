#include "bakery/classic_source.hh"

#include "bakery/select_files.hh"
#include "base/error.hh"
#include "buildpack/buildpack_list.hh"

#include <fmt/format.h>

#include <sstream>

namespace bakehouse::bakery {
namespace {

using base::Event;
using base::TreePath;

constexpr uint64_t largest_list = 1 << 20;

}  // namespace

void take_listed_buildpacks(const base::Dir& tree, config::Project& project, const base::EventSink& events) {
  if (!project.buildpacks.empty()) return;
  using Parse = std::vector<std::string> (*)(std::string_view, std::string_view);
  const std::pair<const char*, Parse> lists[] = {{".buildpacks", buildpack::parse_buildpack_list},
                                                 {"app.json", buildpack::parse_app_json}};
  for (const auto& [name, parse] : lists) {
    const TreePath path = TreePath::parse(name);
    if (!tree.exists(path)) continue;
    project.buildpacks = parse(tree.read_file(path, largest_list), name);
    if (project.buildpacks.empty()) continue;
    events({Event::Kind::note, "build", fmt::format("{} names the buildpacks", name)});
    return;
  }
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
