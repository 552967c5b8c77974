// Classic buildpacks, the kind that was there before Cloud Native Buildpacks: bin/detect says whether it
// applies, bin/compile changes the application where it stands, bin/release names processes. They have
// neither id nor version.
#pragma once

#include "buildpack/buildpack.hh"

#include <filesystem>
#include <string_view>
#include <vector>

namespace bakehouse::buildpack {

// bin/detect and bin/compile are there, bin/build is not, and no buildpack.toml tells of an API. (Many have a
// buildpack.toml for the catalogue they are published in.)
bool is_classic(const std::filesystem::path& directory);

// The id is `classic/` and the last part of `name`, a path or the URL of a repository or an archive; the
// version twelve digits of the digest of its files. Whether programs are executable does not matter: those of
// our copy will be.
Buildpack load_classic(const std::filesystem::path& directory, std::string_view name);

// Classic ones have the id that their place gives them, and places of two can have one name: the second gets
// "-2" behind it. Any other keeps its own.
void make_id_unique(Buildpack& pack, const std::vector<Buildpack>& others);

// Its id. "https://example.org/heroku-buildpack-c.git" -> "classic/heroku-buildpack-c".
std::string classic_id(std::string_view name);

}  // namespace bakehouse::buildpack
