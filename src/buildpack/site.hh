// Where the programs of one build run, and the directories that they are given.
#pragma once

#include "base/event.hh"
#include "base/files.hh"
#include "base/last_lines.hh"
#include "buildpack/buildpack.hh"
#include "buildpack/room.hh"
#include "buildpack/store.hh"
#include "config/project.hh"
#include "launch/layer_env.hh"

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace bakehouse::buildpack {

struct Workshop {
  std::filesystem::path application;  // the tree being built
  std::filesystem::path root;         // of production: a build sees nothing else of it
  std::filesystem::path run;          // where the tree will stand in it: its path in the room
  std::filesystem::path scratch;      // empty and private to this build
  std::filesystem::path cache;        // of this application, on the file system of the tree; empty: none
  config::BuildSettings settings;
  base::EventSink events;
  std::function<bool()> cancelled;
  bool offline = false;
  std::filesystem::path build_config = {};  // the operator's, with `env/`; may be missing, empty: none
  std::string source_version = {};          // the commit of the source; empty: it has none
  std::filesystem::path keeper = {};  // the root that builds, with its keys: not seen either; may be `root`
};

class Site {
 public:
  // Makes platform directory and HOME. Where this machine makes no rooms, a warning says so, and the programs
  // see the machine as it is; what only a room can give is an Error(refused) there.
  Site(Workshop workshop, const Store& store);

  const Workshop& workshop() const { return workshop_; }
  Room::Kind room() const { return room_.kind(); }
  const Machine& machine() const { return machine_; }

  // As programs see them.
  const std::filesystem::path& application() const { return seen_at_; }
  std::filesystem::path layers(const Buildpack& pack) const;
  std::filesystem::path platform() const;
  std::filesystem::path home() const;
  // A directory that they may write, of this build alone; the paths are the same here.
  std::filesystem::path writable() const;
  // Of classic buildpacks, see there.
  std::filesystem::path config_vars() const;
  const std::filesystem::path& classic_cache() const { return classic_cache_; }

  // A file for a plan, of this buildpack alone; its path is the same here and there.
  enum class Purpose { detect, build };
  std::filesystem::path make_plan(const Buildpack& pack, Purpose purpose, std::string_view content) const;
  // What became of it. Error(input) when that is no regular file any more.
  std::string read_plan(const Buildpack& pack, Purpose purpose) const;

  struct Call {
    const Buildpack& pack;
    std::string program;  // "bin/detect", or an absolute path
    std::vector<std::string> arguments;
    launch::Environment environment;
    std::filesystem::path directory = {};  // where it begins; empty: in the application
  };
  base::ExitStatus run(const Call& call, const std::function<void(std::string_view line)>& on_line) const;

 private:
  Workshop workshop_;
  Machine machine_ = this_machine();
  base::Dir scratch_;
  std::filesystem::path classic_cache_;  // empty where there is no classic buildpack
  Room room_;
  std::filesystem::path seen_at_;
};

}  // namespace bakehouse::buildpack
