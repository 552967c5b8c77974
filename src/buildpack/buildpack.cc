#include "buildpack/buildpack.hh"

#include "base/dir.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "buildpack/classic.hh"
#include "buildpack/limits.hh"

#include <fmt/format.h>

#include <unistd.h>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;

void require_program(const fs::path& program) {
  if (::access(program.c_str(), X_OK) == 0) return;
  throw Error(Fault::input,
              fmt::format("'{}' is missing or not executable", base::printable(program.native())),
              "chmod +x, where an archive lost it");
}

void refuse_extension(const fs::path& directory) {
  std::error_code unreadable;  // whoever reads the file will say so
  const bool has_buildpack = fs::exists(directory / "buildpack.toml", unreadable);
  if (has_buildpack || !fs::exists(directory / "extension.toml", unreadable)) return;
  throw Error(Fault::input,
              fmt::format("'{}' is an image extension, which changes a base image; here is none",
                          base::printable(directory.native())),
              "use a buildpack that works without it");
}

void require_descriptor(const fs::path& directory) {
  std::error_code unreadable;  // whoever reads the file will say so
  if (!fs::is_directory(directory, unreadable)) return;
  if (fs::symlink_status(directory / "buildpack.toml", unreadable).type() != fs::file_type::not_found) return;
  throw Error(Fault::input, fmt::format("there is no buildpack in '{}'", base::printable(directory.native())),
              what_is_a_buildpack);
}

}  // namespace

Buildpack load_buildpack(const fs::path& directory) {
  refuse_extension(directory);
  if (is_classic(directory)) return load_classic(directory, fs::canonical(directory).native());
  require_descriptor(directory);
  const fs::path file = directory / "buildpack.toml";
  Buildpack pack = parse_descriptor(base::read_file(file, largest_toml), file.native());
  pack.directory = fs::canonical(directory);
  if (pack.is_composite()) return pack;
  require_program(directory / "bin/detect");
  require_program(directory / "bin/build");
  if (pack.targets.empty()) pack.targets.push_back({"linux", "", "", {}});
  return pack;
}

Buildpack find_buildpack(const std::string& name, const fs::path& shipped, const fs::path& project) {
  if (name.starts_with(".") || name.starts_with("/")) return load_buildpack(project / name);
  const fs::path directory = shipped / name;
  if (name.find('/') == std::string::npos && fs::is_directory(directory)) return load_buildpack(directory);
  std::string known;
  for (const auto& pack : shipped_buildpacks(shipped)) {
    if (name == pack.id || name == pack.describe()) return pack;
    known += " " + pack.directory.filename().native();
  }
  throw Error(Fault::input, fmt::format("there is no buildpack '{}'", base::printable(name)),
              fmt::format("shipped are:{}; a path begins with ./ or /", known));
}

std::vector<Buildpack> shipped_buildpacks(const fs::path& shipped) {
  std::vector<Buildpack> packs;
  for (const std::string& name : base::Dir::open(shipped).names()) {
    if (fs::exists(shipped / name / "buildpack.toml")) packs.push_back(load_buildpack(shipped / name));
  }
  return packs;
}

}  // namespace bakehouse::buildpack
