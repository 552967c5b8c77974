// The buildpacks there are, by id and version.
#pragma once

#include "buildpack/buildpack.hh"

#include <exception>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::buildpack {

class Store {
 public:
  // Of two with one id and version the one that was added first stays.
  void add(Buildpack pack);
  // One of: a buildpack; a directory of buildpacks; a directory of <escaped id>/<version>/ (the layout of
  // /cnb/buildpacks). In a directory of several, one that cannot be used spoils nothing: `find` tells its
  // fault when it is asked for. A directory without any buildpack is an Error(input).
  void add_directory(const std::filesystem::path& directory);

  // Without a version: the newest by `is_older` that can be used. nullptr where there is none. The
  // pointer stays valid as long as the store lives.
  const Buildpack* look_up(std::string_view id, std::string_view version = {}) const;
  // The same, but none is a PlatformFailure(input): why the one there is cannot be used, or what else is
  // known.
  const Buildpack& find(std::string_view id, std::string_view version = {}) const;

  // All that can be used, by id, the oldest version first.
  std::vector<const Buildpack*> all() const;
  // One line for each that cannot be used: where, and why.
  std::vector<std::string> unusable() const;

 private:
  struct Entry {
    Buildpack pack;
    std::exception_ptr fault;  // set: it cannot be used, and only id and version are known
  };
  struct OlderFirst {
    bool operator()(const std::string& one, const std::string& other) const;
  };

  using Versions = std::map<std::string, Entry, OlderFirst>;

  void add_one_of_several(const std::filesystem::path& directory);
  const Versions* versions_of(std::string_view id) const;
  [[noreturn]] void fail_missing(std::string_view id, std::string_view version) const;

  std::map<std::string, Versions, std::less<>> packs_;
  std::vector<std::string> nameless_;  // faults of those that do not even tell their id
};

// Runs of digits compare as numbers: 1.9 is older than 1.10; a pre-release (1.0.0-rc1) is older than
// its release. Two different texts are never equal.
bool is_older(std::string_view version, std::string_view than);

}  // namespace bakehouse::buildpack
