// A root: the directory that holds one project on one machine, as `init` made it.
#pragma once

#include "config/layout.hh"

#include <filesystem>
#include <optional>
#include <string>

namespace bakehouse::config {

enum class Mode { editable, cooking, final };
std::string_view name_of(Mode mode);

struct Root {
  std::filesystem::path path;  // absolute, links resolved
  std::string project;
  Mode mode = Mode::final;
  Layout layout;
  std::optional<std::filesystem::path> key;  // the secret key that `bake` signs with here

  std::filesystem::path at(const base::TreePath& role) const { return path / role.str(); }
  std::filesystem::path state() const { return path / ".bakehouse"; }
};

// A project's name: [a-z0-9][a-z0-9._-]*, at most 64 bytes. Throws Error(input) otherwise.
void check_project_name(std::string_view name);

// `.bakehouse/root.json`; the layout is kept in it, so that a later change of a shipped layout
// moves nothing under a root that exists.
void write_root(const Root& root);
Root read_root(const std::filesystem::path& path);
// The nearest directory at or above `start` that holds `.bakehouse/root.json`.
std::optional<std::filesystem::path> find_root(const std::filesystem::path& start);

}  // namespace bakehouse::config
