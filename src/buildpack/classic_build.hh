// The part of a build that classic buildpacks take: bin/compile, what it exports, and bin/release.
#pragma once

#include "base/dir.hh"
#include "buildpack/classic_release.hh"
#include "buildpack/environment_change.hh"
#include "buildpack/launch_toml.hh"
#include "buildpack/site.hh"

#include <functional>
#include <map>
#include <set>
#include <string>

namespace bakehouse::buildpack {

class ClassicBuild {
 public:
  struct Around {
    // Shows what a program prints; its failure is an error that calls it `what`.
    std::function<void(const Site::Call& call, const std::string& what)> run;
    std::function<void(const Buildpack& pack, const std::string& text)> warn;
  };
  // `tree` is the application.
  ClassicBuild(const Site& site, const base::Dir& tree, Around around);

  // `so_far` is what earlier buildpacks gave. What bin/release says counts in place of what those before
  // said, unless it says nothing.
  void build(const Buildpack& pack, const launch::Environment& so_far);
  // What one that has built wants those behind it to have.
  void apply_export(const Buildpack& pack, launch::Environment& environment) const;
  // The names that those which have built gave a value; the operator's part of it is in it already.
  std::set<std::string> exported() const;

  // The last that has built; nullptr: none.
  const Buildpack* last() const { return last_; }
  // What bin/release named, and what the Procfile of the application names above it.
  LaunchToml processes() const;
  // Writes the layer that processes are started with, see docs/buildpacks.md, and returns its name.
  std::string write_layer() const;
  // After a build that succeeded.
  void commit_cache() const;

 private:
  // Those of the Procfile stand above those of bin/release.
  ProcessLines process_lines() const;
  void begin(const Buildpack& pack);
  void keep_what_is_ours() const;
  void put_back_what_is_ours(const Buildpack& pack) const;
  void take_export(const Buildpack& pack, const std::filesystem::path& copy,
                   const launch::Environment& before);
  void take_release(const Buildpack& pack, const std::filesystem::path& copy,
                    const launch::Environment& environment);

  const Site& site_;
  const base::Dir& tree_;
  Around around_;
  const Buildpack* last_ = nullptr;
  ClassicRelease release_;
  std::map<const Buildpack*, EnvironmentChange> exports_;
};

}  // namespace bakehouse::buildpack
