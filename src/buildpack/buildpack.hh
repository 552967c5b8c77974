// One Cloud Native Buildpack: a directory with buildpack.toml, bin/detect and bin/build.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace bakehouse::buildpack {

struct Buildpack {
  std::string id;
  std::string version;
  std::string api;
  std::filesystem::path directory;

  // The id as a name of one directory: "heroku_nodejs".
  std::string escaped_id() const;
};

// Error(input) names what is missing or wrong.
Buildpack load_buildpack(const std::filesystem::path& directory);

// A name (`static`) is a directory of that name in `shipped`; what begins with '.' or '/' is a
// path, relative to `project`.
Buildpack find_buildpack(const std::string& name, const std::filesystem::path& shipped,
                         const std::filesystem::path& project);
// All in `shipped`, in byte order of their names.
std::vector<Buildpack> shipped_buildpacks(const std::filesystem::path& shipped);

}  // namespace bakehouse::buildpack
