// What layers give to the environment of the programs that run on them: the one reading of the
// buildpack specification's rules, for the buildpacks that follow in a build and for processes.
#pragma once

#include "base/dir.hh"
#include "base/tree_path.hh"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::launch {

// By name, in byte order. A variable may be empty, which is not the same as unset.
using Environment = std::map<std::string, std::string, std::less<>>;

// MAX_ARG_STRLEN of the kernel: "NAME=value" with the NUL byte that ends it.
constexpr size_t largest_variable = 128 * 1024;

// Of a list like `environ`. Of a name that stands twice the first counts; what has no name is left out.
Environment to_environment(const char* const* list);
// "NAME=value", by name.
std::vector<std::string> to_list(const Environment& environment);

enum class Phase { build, launch };

// The tree that layers lie in, which may lie elsewhere now than where programs will see it: a build
// sees the application at the path of run/ while it is made elsewhere.
struct LayerTree {
  const base::Dir& dir;
  std::filesystem::path seen_at;  // absolute; what variables name, and what absolute links mean
};

// The layers of ONE buildpack, as paths of the tree in byte order; only those that have their part in this
// phase. For several buildpacks call it once for each, in their order.
//
//   build   layer by layer: bin, lib, include and pkgconfig to PATH, LD_LIBRARY_PATH, LIBRARY_PATH,
//           CPATH and PKG_CONFIG_PATH; then the files of env/ and env.build/
//   launch  bin and lib of all of them to PATH and LD_LIBRARY_PATH; then, layer by layer, the files
//           of env/, env.launch/ and env.launch/<process type>/ (not for a type "")
//
// A missing layer is an Error(input); so is what `apply_variables` refuses.
void apply_layers(const LayerTree& tree, const std::vector<base::TreePath>& layers, Phase phase,
                  std::string_view process_type, Environment& environment);

// What a file does whose name has no suffix.
enum class Unsuffixed { replaces, is_default };

// Files NAME.override, .append, .prepend, .default and .delim of one directory, which may be missing, in byte
// order; the content as it is, with its last line feed. Directories, other suffixes and hidden files mean
// nothing. Links are followed within the tree. Error(input) names the file: a link that leads out or
// nowhere, no regular file, a NUL byte, a name with '=', or more than the kernel passes in one variable.
void apply_variables(const LayerTree& tree, const base::TreePath& directory, Unsuffixed unsuffixed,
                     Environment& environment);

}  // namespace bakehouse::launch
