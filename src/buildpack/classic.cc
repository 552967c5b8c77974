#include "buildpack/classic.hh"

#include "base/dir.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "buildpack/content.hh"
#include "buildpack/limits.hh"
#include "text/toml.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace bakehouse::buildpack {
namespace {

namespace fs = std::filesystem;

constexpr size_t version_digits = 12;

bool is_file(const fs::path& path) {
  std::error_code unreadable;
  return fs::is_regular_file(path, unreadable);
}

// What cannot be read is for whoever takes it for a Cloud Native Buildpack to complain of.
bool tells_of_api(const fs::path& descriptor) {
  if (!fs::exists(fs::symlink_status(descriptor))) return false;
  try {
    const auto document = text::parse_toml(base::read_file(descriptor, largest_toml), descriptor.native());
    return document.find("api") != nullptr;
  } catch (const base::Error&) {
    return true;
  }
}

std::string_view without_suffix(std::string_view name) {
  for (const std::string_view suffix : {".git", ".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz"}) {
    if (name.ends_with(suffix) && name.size() > suffix.size())
      return name.substr(0, name.size() - suffix.size());
  }
  return name;
}

}  // namespace

bool is_classic(const fs::path& directory) {
  const fs::path programs = directory / "bin";
  std::error_code unreadable;
  return is_file(programs / "detect") && is_file(programs / "compile") &&
         !fs::exists(programs / "build", unreadable) && !tells_of_api(directory / "buildpack.toml");
}

std::string classic_id(std::string_view name) {
  const auto drop_slashes = [&] {
    while (name.ends_with('/')) name.remove_suffix(1);
  };
  drop_slashes();
  constexpr std::string_view inside_repository = "/.git";
  if (name.ends_with(inside_repository)) name.remove_suffix(inside_repository.size());
  drop_slashes();
  const size_t slash = name.rfind('/');
  std::string last(without_suffix(name.substr(slash == std::string_view::npos ? 0 : slash + 1)));
  std::ranges::replace_if(
      last, [](unsigned char c) { return c > 127 || (std::isalnum(c) == 0 && c != '.' && c != '-'); }, '-');
  return "classic/" + (last.empty() || last == "." || last == ".." ? "buildpack" : last);
}

void make_id_unique(Buildpack& pack, const std::vector<Buildpack>& others) {
  if (!pack.is_classic()) return;
  const std::string id = pack.id;
  const auto is_taken = [&](const Buildpack& other) {
    return other.id == pack.id && other.directory != pack.directory;
  };
  for (int number = 2; std::ranges::any_of(others, is_taken); ++number)
    pack.id = fmt::format("{}-{}", id, number);
}

Buildpack load_classic(const fs::path& directory, std::string_view name) {
  Buildpack pack;
  pack.kind = Buildpack::Kind::classic;
  pack.directory = fs::canonical(directory);
  pack.id = classic_id(name);
  pack.version = content_digest(base::Dir::open(pack.directory)).hex().substr(0, version_digits);
  pack.targets.push_back({"linux", "", "", {}});
  return pack;
}

}  // namespace bakehouse::buildpack
