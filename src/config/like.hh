// Another root of the same shape.
#pragma once

#include "config/root.hh"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::config {

// What a root has that one made after it gets, too.
struct Likeness {
  Root root;
  std::optional<std::string> node_file;                      // the text of node.yaml
  std::vector<std::pair<std::string, std::string>> trusted;  // files of .bakehouse/trust, by name
};
// Error(input) unless it is a root of that project.
Likeness read_likeness(const std::filesystem::path& root, const std::string& project);
// Into a root that is being made.
void write_likeness(const Likeness& likeness, const Root& fresh);

// The text of a node.yaml in which the environment is that one, and all else as it was, comments too.
std::string with_environment(const std::optional<std::string>& node_file, const std::string& environment);

}  // namespace bakehouse::config
