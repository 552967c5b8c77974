#include "buildpack/buildpack.hh"

#include "base/dir.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "text/toml.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include <unistd.h>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;

constexpr uint64_t largest_descriptor = 1 << 20;
constexpr int oldest_minor = 9;  // from here on a process is a list of words
constexpr int newest_minor = 12;

// "0.12" -> 12; compared as a number, because 0.10 is newer than 0.9.
int minor_of(std::string_view api) {
  int minor = -1;
  if (api.starts_with("0.")) {
    const auto [end, error] = std::from_chars(api.data() + 2, api.data() + api.size(), minor);
    if (error != std::errc() || end != api.data() + api.size()) minor = -1;
  }
  return minor;
}

// What the specification allows, and '_': an id names directories.
void check_id(const std::string& id) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '/' || c == '-' || c == '_';
  };
  if (!id.empty() && id != "." && id != ".." && std::all_of(id.begin(), id.end(), is_allowed)) return;
  throw Error(Fault::input, fmt::format("'{}' is no id of a buildpack (letters, digits, '.', '/', '-', '_')",
                                        base::printable(id)));
}

void require_program(const fs::path& program) {
  if (::access(program.c_str(), X_OK) == 0) return;
  throw Error(Fault::input, fmt::format("'{}' is missing or not executable", program.native()));
}

}  // namespace

std::string Buildpack::escaped_id() const {
  std::string escaped = id;
  std::replace(escaped.begin(), escaped.end(), '/', '_');
  return escaped;
}

Buildpack load_buildpack(const fs::path& directory) {
  const fs::path file = directory / "buildpack.toml";
  const text::Value document = text::parse_toml(base::read_file(file, largest_descriptor), file.native());
  Buildpack pack;
  pack.directory = fs::canonical(directory);
  base::with_context(file.native(), [&] {
    pack.api = document.string_at("api");
    pack.id = document.at("buildpack").string_at("id");
    check_id(pack.id);
    pack.version = document.at("buildpack").string_at("version");
    const int minor = minor_of(pack.api);
    if (minor < oldest_minor || minor > newest_minor) {
      throw Error(Fault::input, fmt::format("its buildpack API is {}, this program speaks 0.{} to 0.{}",
                                            base::printable(pack.api), oldest_minor, newest_minor));
    }
    if (document.find("order") != nullptr)
      throw Error(Fault::input, "composite buildpacks are not supported by this version");
  });
  require_program(directory / "bin/detect");
  require_program(directory / "bin/build");
  return pack;
}

Buildpack find_buildpack(const std::string& name, const fs::path& shipped, const fs::path& project) {
  if (name.starts_with(".") || name.starts_with("/")) return load_buildpack(project / name);
  const fs::path directory = shipped / name;
  if (name.find('/') == std::string::npos && fs::is_directory(directory)) return load_buildpack(directory);
  std::string known;
  for (const auto& pack : shipped_buildpacks(shipped)) known += " " + pack.directory.filename().native();
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
