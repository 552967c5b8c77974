// project.toml, by which an application tells any platform how it wants to be built: 0.1, 0.2 and 0.3.
#pragma once

#include "text/decode.hh"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::buildpack {

// A buildpack written into project.toml itself. Its detect always passes.
struct InlineScript {
  std::string api;
  std::string shell = "/bin/sh";
  std::string inline_text;
};

// At least one of `id` and `uri` is there; `version` never stands beside `uri`.
struct ProjectBuildpack {
  std::string id;
  std::string version;
  std::string uri;  // as written; a relative one is meant from the project's directory
  std::optional<InlineScript> script;
  std::vector<std::string> exec_envs;  // empty: all
};

struct ProjectVariable {
  std::string name;  // neither empty nor with '/', '=' or NUL
  std::string value;
  std::vector<std::string> exec_envs;  // empty: all
};

struct ProjectToml {
  std::string schema_version = "0.1";
  std::string id;
  std::string name;
  std::string version;
  // Patterns as .gitignore writes them, as read, in the order of the file; at most one list is not empty.
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  std::vector<ProjectBuildpack> group;  // empty: the platform's own order
  std::vector<ProjectBuildpack> pre;
  std::vector<ProjectBuildpack> post;
  std::vector<ProjectVariable> environment;  // of the build; a later one of the same name counts
  std::vector<text::Diagnostic> warnings;    // keys that mean nothing in this schema
};

// Error(input) names every fault with its place.
ProjectToml parse_project_toml(std::string_view toml, std::string_view name);

}  // namespace bakehouse::buildpack
