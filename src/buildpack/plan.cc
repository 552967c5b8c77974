#include "buildpack/plan.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "buildpack/tables.hh"
#include "text/decode.hh"
#include "text/to_toml.hh"
#include "text/toml.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::buildpack {
namespace {

using base::Error;
using base::Fault;
using text::Diagnostics;
using text::MapReader;
using text::Value;

std::string read_name(MapReader& reader, const Value& table, Diagnostics& faults) {
  std::string name = require_text(reader, "name", faults);
  const Value* value = table.find("name");
  if (value != nullptr && value->kind() == Value::Kind::string && value->text().empty())
    faults.add(value->origin(), "'name' is empty");
  return name;
}

Requirement read_requirement(const Value& table, Diagnostics& faults) {
  MapReader reader(table, "a requirement", faults);
  Requirement requirement;
  requirement.name = read_name(reader, table, faults);
  if (const Value* version = reader.take("version"))
    faults.add(version->origin(), "'version' stands beside the name of a requirement",
               "it belongs into its metadata");
  const Value* metadata = reader.take("metadata");
  if (metadata == nullptr) return requirement;
  if (!metadata->is_map()) {
    faults.add(metadata->origin(), fmt::format("'metadata' must be a table, not {}", metadata->kind_name()));
  } else {
    requirement.metadata = *metadata;
  }
  return requirement;
}

PlanOption read_option(MapReader& reader, Diagnostics& faults) {
  PlanOption option;
  for (const Value* table : take_tables(reader, "provides", faults)) {
    MapReader provided(*table, "what is provided", faults);
    option.provides.push_back(read_name(provided, *table, faults));
  }
  for (const Value* table : take_tables(reader, "requires", faults))
    option.requirements.push_back(read_requirement(*table, faults));
  return option;
}

bool is_given(const Dependency& dependency, size_t provider) {
  return std::find(dependency.providers.begin(), dependency.providers.end(), provider) !=
         dependency.providers.end();
}

}  // namespace

BuildPlan parse_build_plan(std::string_view toml, std::string_view name) {
  const Value document = text::parse_toml(toml, name);
  Diagnostics faults;
  MapReader reader(document, "the plan", faults);
  BuildPlan plan{read_option(reader, faults)};
  for (const Value* table : take_tables(reader, "or", faults)) {
    MapReader alternative(*table, "an alternative", faults);
    plan.push_back(read_option(alternative, faults));
  }
  faults.throw_if_any();
  return plan;
}

std::vector<Requirement> requirements_for(size_t provider, const std::vector<Dependency>& dependencies) {
  std::vector<Requirement> all;
  for (const Dependency& dependency : dependencies) {
    if (is_given(dependency, provider))
      all.insert(all.end(), dependency.requirements.begin(), dependency.requirements.end());
  }
  return all;
}

std::string format_plan(const std::vector<Requirement>& entries) {
  if (entries.empty()) return {};
  std::vector<Value> tables;
  for (const Requirement& entry : entries) {
    Value& table = tables.emplace_back(Value::map({{"name", Value(entry.name)}}));
    if (!entry.metadata.is_null()) table.set("metadata", entry.metadata);
  }
  return text::to_toml(Value::map({{"entries", Value::list(std::move(tables))}}));
}

void remove_met(std::vector<Dependency>& dependencies, size_t provider,
                const std::vector<std::string>& unmet) {
  for (const std::string& name : unmet) {
    const auto is_it = [&](const Dependency& dependency) {
      return dependency.name == name && is_given(dependency, provider);
    };
    if (std::any_of(dependencies.begin(), dependencies.end(), is_it)) continue;
    throw Error(Fault::input,
                fmt::format("'{}' is called unmet, but was not in the plan", base::printable(name)),
                "only what stands in plan.toml can be left to a later buildpack");
  }
  std::erase_if(dependencies, [&](const Dependency& dependency) {
    return is_given(dependency, provider) &&
           std::find(unmet.begin(), unmet.end(), dependency.name) == unmet.end();
  });
}

}  // namespace bakehouse::buildpack
