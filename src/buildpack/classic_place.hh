// What a classic buildpack is given: a copy of itself to work in, variables, files of variables.
#pragma once

#include "buildpack/site.hh"

#include <filesystem>
#include <set>
#include <string>

namespace bakehouse::buildpack {

// A fresh copy that it may write into, with executable programs; its path is the same here and in the room.
// Not while another thread starts programs: it would hold a file of the copy open, which then cannot be
// executed.
std::filesystem::path make_classic_copy(const Site& site, const Buildpack& pack);
// Relative to site.writable().
base::TreePath classic_copy_path(const Buildpack& pack);

// On top of what earlier buildpacks gave: STACK, SOURCE_VERSION and the variables of the operator. Those of
// the project are not in it: they are files, which a buildpack reads where it wants to.
launch::Environment classic_environment(const Site& site, launch::Environment so_far,
                                        const std::set<std::string>& exported = {});

// Fills site.config_vars(), the directory that is called ENV_DIR, with those of the project, and of the
// operator above them.
void write_config_vars(const Site& site);

}  // namespace bakehouse::buildpack
