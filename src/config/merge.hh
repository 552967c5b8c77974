// Several configuration files laid over each other, each value keeping its origin.
#pragma once

#include "config/project.hh"
#include "text/value.hh"

#include <filesystem>
#include <string>
#include <vector>

namespace bakehouse::config {

// Maps are merged member by member; anything else in `over` replaces what `under` says. A null in
// `over` removes.
text::Value merge(text::Value under, const text::Value& over);

// "a.b.c=value": a map of maps whose origin is "--set".
text::Value parse_setting(const std::string& assignment);

struct Sources {
  std::string project_file;                     // the content of bake.yaml
  std::string project_file_name = "bake.yaml";  // for messages
  std::filesystem::path node_file;              // may be empty or absent
  std::vector<std::string> settings;            // --set, in order
};

// Without what node.yaml says of the node alone (config/node_settings.hh).
text::Value merge_sources(const Sources& sources);
// merge_sources and decode_project, all faults in one Error(input), those of the node's own keys too.
Project load_project(const Sources& sources);

// One leaf a line, "processes.web.port = 8080    bake.yaml:9:24", sorted by key.
std::string describe_origins(const text::Value& merged);

}  // namespace bakehouse::config
