// Which files of a checkout are built, by the patterns of its project.toml.
#pragma once

#include "base/dir.hh"
#include "buildpack/project_toml.hh"

namespace bakehouse::bakery {

// Removes what `exclude` names, or what `include` does not. bake.yaml and .bake stay: they are no files of
// the application.
void select_files(const buildpack::ProjectToml& file, const base::Dir& tree);

}  // namespace bakehouse::bakery
