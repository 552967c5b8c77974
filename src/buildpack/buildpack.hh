// One buildpack. A Cloud Native Buildpack is a directory with buildpack.toml, and either bin/detect and
// bin/build or an order of other buildpacks; for the other kind see classic.hh.
#pragma once

#include "buildpack/api_version.hh"
#include "buildpack/target.hh"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::buildpack {

// A buildpack as an order names it.
struct Reference {
  std::string id;
  std::string version;  // empty: whichever there is
  bool optional = false;
  std::vector<std::string> exec_envs;  // empty: all

  std::string describe() const;  // "acme/node@1.2", "acme/node"
};
using Group = std::vector<Reference>;
using Order = std::vector<Group>;

struct Buildpack {
  std::string id;
  std::string version;
  ApiVersion api;
  std::string name;
  std::string homepage;
  bool clear_env = false;
  std::vector<std::string> sbom_formats;  // media types
  std::vector<std::string> exec_envs;     // empty: all
  // From [[targets]], else from [[stacks]], else linux where there is a bin/build. Empty when
  // nothing of that is there: then no machine fits.
  std::vector<Target> targets;
  Order order;                      // of a composite; empty for one that builds itself
  std::filesystem::path directory;  // its real path
  enum class Kind { cloud_native, classic } kind = Kind::cloud_native;

  bool is_composite() const { return !order.empty(); }
  bool is_classic() const { return kind == Kind::classic; }
  std::string describe() const { return id + "@" + version; }
  // The id as a name of one directory: "heroku_nodejs".
  std::string escaped_id() const;
};

// The content of a buildpack.toml; `directory` stays empty, and what depends on it is not checked.
// Unknown keys are left alone. Error(input) names the place; a Buildpack API that this program does not
// speak is a PlatformFailure(buildpack_api).
Buildpack parse_descriptor(std::string_view toml, std::string_view name);

// The hint where there is none.
inline constexpr const char* what_is_a_buildpack =
    "a buildpack is a directory with a buildpack.toml, or with bin/detect and bin/compile";

// Of either kind. Error(input), or PlatformFailure, names what is missing or wrong. Programs are checked,
// never run.
Buildpack load_buildpack(const std::filesystem::path& directory);

// A name (`static`) is a directory of that name in `shipped`, or the id of one there, with or without its
// version; what begins with '.' or '/' is a path, relative to `project`.
Buildpack find_buildpack(const std::string& name, const std::filesystem::path& shipped,
                         const std::filesystem::path& project);
// All in `shipped`, in byte order of their names.
std::vector<Buildpack> shipped_buildpacks(const std::filesystem::path& shipped);

}  // namespace bakehouse::buildpack
