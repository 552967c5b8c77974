// What a project.toml of the source says, where bake.yaml does not say it.
#pragma once

#include "base/dir.hh"
#include "base/event.hh"
#include "buildpack/order.hh"
#include "buildpack/project_toml.hh"
#include "buildpack/sources.hh"
#include "buildpack/store.hh"
#include "config/project.hh"

#include <filesystem>
#include <optional>

namespace bakehouse::bakery {

// Reads project.toml where there is one, and removes from `tree` the files that it leaves out. Its variables
// are added to those of the project, which win. What it says in vain becomes a warning or a note.
std::optional<buildpack::ProjectToml> take_project_toml(const base::Dir& tree, config::Project& project,
                                                        const base::EventSink& events);

// Where its buildpacks come from.
struct PackSources {
  std::filesystem::path shipped;
  std::filesystem::path scratch;  // for those that are scripts in the file itself
  buildpack::Sources& sources;    // what a uri names
};

// Its own group in place of those in `order`; and `pre` and `post` at both ends of every group. Error(input)
// names a buildpack that is not to be had.
void apply_groups(const buildpack::ProjectToml& file, const PackSources& from, buildpack::Order& order,
                  buildpack::Store& store);

}  // namespace bakehouse::bakery
