// An application, a few buildpacks that are bash scripts, and what they say while they work.
#pragma once

#include "base/files.hh"
#include "buildpack/build.hh"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

namespace bakehouse::buildpack {

// The descriptor of a buildpack that is in order.
inline std::string descriptor(const std::string& id, const std::string& api = "0.12") {
  return fmt::format("api = \"{}\"\n[buildpack]\nid = \"{}\"\nversion = \"1.2.3\"\n", api, id);
}

struct Scripts {
  std::string detect = "exit 0";
  std::string build = "exit 0";
};

struct ClassicScripts {
  std::string detect = "echo Thing";
  std::string compile = "exit 0";
  std::string release = {};  // empty: there is none
};

// Writes the directory of a classic buildpack, whose programs lack their executable bits.
inline std::filesystem::path write_classic(const std::filesystem::path& directory,
                                           const ClassicScripts& scripts) {
  std::filesystem::create_directories(directory / "bin");
  base::write_file(directory / "bin/detect", "#!/bin/bash\n" + scripts.detect + "\n");
  base::write_file(directory / "bin/compile", "#!/bin/bash\n" + scripts.compile + "\n");
  if (!scripts.release.empty())
    base::write_file(directory / "bin/release", "#!/bin/bash\n" + scripts.release + "\n");
  return directory;
}

// Writes a buildpack's directory; the scripts are bodies for bash.
inline std::filesystem::path write_pack(const std::filesystem::path& directory, const std::string& toml,
                                        const Scripts& scripts = {}) {
  std::filesystem::create_directories(directory / "bin");
  base::write_file(directory / "buildpack.toml", toml);
  base::write_file(directory / "bin/detect", "#!/bin/bash\n" + scripts.detect + "\n", 0755);
  base::write_file(directory / "bin/build", "#!/bin/bash\n" + scripts.build + "\n", 0755);
  return directory;
}

enum class Need { any, all };

// The buildpacks as one group, all of them optional or none; those that were selected.
inline std::vector<Buildpack> detect(const std::vector<Buildpack>& packs, Need need, Workshop workshop) {
  Store store;
  Order order(1);
  for (const Buildpack& pack : packs) {
    order.front().push_back({pack.id, pack.version, need == Need::any, {}});
    store.add(pack);
  }
  const Site site(std::move(workshop), store);
  std::vector<Buildpack> selected;
  for (const Buildpack* pack : require_selection(detect(order, store, site)).packs) selected.push_back(*pack);
  return selected;
}

class Workbench {
 public:
  Workbench() {
    for (const auto& directory : {application(), scratch_.path() / "packs", scratch_.path() / "work"})
      std::filesystem::create_directory(directory);
  }

  std::filesystem::path application() const { return scratch_.path() / "application"; }
  // `more` are lines below [buildpack].
  Buildpack pack(const std::string& id, const Scripts& scripts, const std::string& more = "") const {
    const auto name = fmt::format("{}", packs_++);
    return load_buildpack(write_pack(scratch_.path() / "packs" / name, descriptor(id) + more, scripts));
  }

  // Its id is `classic/NAME`.
  Buildpack classic(const std::string& name, const ClassicScripts& scripts) const {
    return load_buildpack(write_classic(scratch_.path() / "packs" / name, scripts));
  }

  // Each call has a scratch directory of its own, as each build has.
  Workshop workshop() {
    const auto scratch = scratch_.path() / "work" / fmt::format("{}", workshops_++);
    std::filesystem::create_directory(scratch);
    return {application(),
            scratch_.path() / "production",
            scratch_.path() / "production/run",
            scratch,
            cache(),
            settings,
            [this](const base::Event& event) { take(event); },
            [] { return false; },
            offline,
            build_config(),
            source_version};
  }
  // As each bake begins with a fresh tree.
  void begin_again() const {
    std::filesystem::remove_all(application());
    std::filesystem::create_directory(application());
  }
  std::filesystem::path cache() const { return scratch_.path() / "cache"; }
  std::filesystem::path build_config() const { return scratch_.path() / "build-config"; }
  launch::LaunchFile build(const std::vector<Buildpack>& packs) {
    Store store;
    Order order(1);
    for (const Buildpack& pack : packs) {
      order.front().push_back({pack.id, pack.version, false, {}});
      store.add(pack);
    }
    const Site site(workshop(), store);
    BuildResult result = buildpack::build(require_selection(buildpack::detect(order, store, site)), site);
    sboms = std::move(result.sboms);
    return std::move(result.launch);
  }

  config::BuildSettings settings;
  bool offline = false;
  std::string source_version;
  std::string output;              // what the buildpacks printed
  std::vector<std::string> notes;  // what the engine said of them
  std::vector<std::string> warnings;
  std::map<std::string, std::string> sboms;

 private:
  void take(const base::Event& event) {
    if (event.kind == base::Event::Kind::output) output += event.text + "\n";
    if (event.kind == base::Event::Kind::note) notes.push_back(event.text);
    if (event.kind == base::Event::Kind::warning) warnings.push_back(event.text);
  }

  base::TempDir scratch_;
  mutable int packs_ = 0;
  int workshops_ = 0;
};

}  // namespace bakehouse::buildpack
