// The buildpack that an inline script of project.toml stands for.
#pragma once

#include "buildpack/project_toml.hh"

#include <filesystem>

namespace bakehouse::buildpack {

// Writes it into `directory`, made when missing: detect passes, build is the script. `pack` must have one.
void write_inline_buildpack(const ProjectBuildpack& pack, const std::filesystem::path& directory);

}  // namespace bakehouse::buildpack
