// The build phases: a checkout becomes the tree of a release.
#pragma once

#include "artifact/release_info.hh"
#include "bakery/build_log.hh"
#include "bakery/cook.hh"
#include "config/project.hh"
#include "launch/launch_file.hh"
#include "source/source.hh"

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace bakehouse::bakery {

// The project file of a checked-out source, and its text.
struct ProjectFile {
  std::string text;
  config::Project project;
};
ProjectFile read_project(const node::Node& node, const base::Dir& checkout,
                         const std::vector<std::string>& settings);

// Where the release will run: on the production machine when the project names its root, else here.
std::filesystem::path run_path_of(const node::Node& node, const config::Project& project);

struct Built {
  std::vector<artifact::BuildpackUse> buildpacks;
  // Answers of those that are made for other machines and built all the same.
  std::vector<buildpack::Answer> misfits;
  launch::LaunchFile launch;
  std::map<std::string, std::string> sboms;  // by the name of their part
};

Detected detect(const node::Node& node, config::Project project, const source::Checkout& checkout,
                const base::Dir& tree, const CookOptions& options);

// What project.toml says, pre_install, buildpacks, post_build; all of it in `tree`. The log also says why who
// was selected.
Built build(const node::Node& node, config::Project project, const source::Checkout& checkout,
            const base::Dir& tree, const CookOptions& options, BuildLog& log);

}  // namespace bakehouse::bakery
