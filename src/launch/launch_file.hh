// `.bakehouse/launch.json`: the processes of a release, as its buildpacks and project file named them, and
// the layers they run on. Described in docs/formats/launch.md.
#pragma once

#include "base/tree_path.hh"
#include "text/value.hh"

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::launch {

// What a process runs in unless its environment says otherwise (CNB_EXEC_ENV).
inline constexpr std::string_view usual_exec_env = "production";

// What becomes of a process's own arguments when a user gives some.
enum class UserArgs { replace, append };

struct LaunchProcess {
  std::string type;                  // "web"
  std::vector<std::string> command;  // never empty
  std::vector<std::string> args;
  std::string working_directory;  // relative to the application; "" is the application itself
  std::string buildpack;          // who defined it; "" for the project file
  // Whether the program is executed itself. Otherwise `command` is one text for bash, which reads the
  // profiles of the layers first; with arguments it is one word, and bash expands it and each of them.
  bool direct = true;
  UserArgs user_args = UserArgs::replace;
  std::vector<std::string> exec_env = {};  // where it exists, "production" for instance; empty: everywhere

  bool exists_in(std::string_view exec_env_now) const;
};

// One buildpack's layers that travelled with the release.
struct LaunchLayers {
  std::string buildpack;            // its id
  std::vector<std::string> layers;  // in byte order, each a name below layers_directory()

  std::vector<base::TreePath> paths() const;  // of the layers, relative to the application
};

struct LaunchFile {
  std::vector<LaunchProcess> processes;  // sorted by type
  std::string default_process;           // "" when there is none
  // Where processes must see the application, an absolute path; "": wherever it is.
  std::string app_path;
  std::vector<LaunchLayers> buildpacks;  // in the order in which they were built

  // nullptr when there is no such process.
  const LaunchProcess* find(std::string_view type) const;
};

// The id of a buildpack as a name of one directory: "heroku_nodejs".
std::string escape_id(std::string_view id);
// `.layers`, and in it `<escaped id>`, relative to the application.
base::TreePath all_layers_directory();
base::TreePath layers_directory(std::string_view id);

LaunchFile parse_launch(std::string_view json, std::string_view name);
std::string format_launch(const LaunchFile& file);

}  // namespace bakehouse::launch
