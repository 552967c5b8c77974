// A layout: which directory of a root plays which role, and how `run` is switched.
#pragma once

#include "base/tree_path.hh"
#include "text/value.hh"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::config {

enum class Switch { exchange, symlink, inplace };
std::string_view name_of(Switch how);

// `symlink` stands alone, because run/ is either a link or a directory; of the others the first that works
// where the root is.
using Switches = std::vector<Switch>;

struct Layout {
  std::string name;
  Switches switches{Switch::exchange};
  base::TreePath source_remote;  // git/project.git
  base::TreePath pillar_remote;  // git/pillar.git
  base::TreePath source;         // project
  base::TreePath pillar;
  base::TreePath build;
  base::TreePath run;
  base::TreePath runs;  // with `symlink`: what run/ links to, one for each deployment; else the top
  base::TreePath data;
  base::TreePath deployments;  // deploy
  base::TreePath releases;
  base::TreePath archives;

  bool run_is_link() const { return switches.front() == Switch::symlink; }
};

// A name is looked for as NAME.yaml in each of `directories` in turn; what holds a '/' is a path.
// Lists all faults at once; roles must be different, none within another, none `.bakehouse`.
Layout load_layout(const std::string& name_or_path, const std::vector<std::filesystem::path>& directories);
Layout decode_layout(const text::Value& value);
text::Value encode_layout(const Layout& layout);

}  // namespace bakehouse::config
