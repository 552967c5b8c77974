// The build plan: what buildpacks said in bin/detect that they provide and require, and which of them
// build together.
#pragma once

#include "text/value.hh"

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::buildpack {

struct Requirement {
  std::string name;
  text::Value metadata;  // a map with all its types, or null
};

struct PlanOption {
  std::vector<std::string> provides;
  std::vector<Requirement> requirements;
};

// The top level first, then each [[or]].
using BuildPlan = std::vector<PlanOption>;

// What bin/detect wrote; an empty document is one empty option. Error(input) with the place; a `version`
// beside the name of a requirement is one too (it belongs into the metadata since API 0.3).
BuildPlan parse_build_plan(std::string_view toml, std::string_view name);

// One that passed detection, in the order of its group.
struct PlanMember {
  std::string name;  // for messages: "acme/node@1.2"
  bool optional = false;
  BuildPlan plan;  // empty: neither provides nor requires anything
};

struct Dependency {
  std::string name;
  std::vector<size_t> providers;          // indices into the members that were given, rising
  std::vector<Requirement> requirements;  // in the order of the group
};

struct PlanResolution {
  bool resolved = false;
  std::vector<size_t> members;           // who builds: indices into what was given, rising
  std::vector<Dependency> dependencies;  // sorted by name
  // Not resolved: why the first trial failed. Resolved: why optional members were left out. For people.
  std::vector<std::string> reasons;
  size_t trials = 0;
};

// Tries every combination of options, the first member's varying slowest, and takes the first that
// resolves. Error(input) when there are more combinations than can be tried in a reasonable time.
PlanResolution resolve_plan(const std::vector<PlanMember>& members);

// What the plan.toml of `provider` holds: all requirements of what it provides, sorted by name, those of
// one name in the order of the group.
std::vector<Requirement> requirements_for(size_t provider, const std::vector<Dependency>& dependencies);
// [[entries]] with typed metadata; "" when there is none.
std::string format_plan(const std::vector<Requirement>& entries);

// After a build: what `provider` was given and did not call unmet is met, and nobody later gets it.
// Error(input) for an unmet name that it was not given.
void remove_met(std::vector<Dependency>& dependencies, size_t provider,
                const std::vector<std::string>& unmet);

}  // namespace bakehouse::buildpack
