#include "buildpack/layer_toml.hh"

#include "text/decode.hh"
#include "text/to_toml.hh"
#include "text/toml.hh"

#include <fmt/format.h>

namespace bakehouse::buildpack {
namespace {

using text::Diagnostics;
using text::Value;

constexpr const char* type_names[] = {"build", "launch", "cache"};

// Strictly TOML's own booleans: text::as_boolean would take what YAML does.
bool read_type(const Value& types, const char* name, Diagnostics& faults) {
  const Value* value = types.find(name);
  if (value == nullptr) return false;
  if (value->kind() != Value::Kind::boolean)
    faults.add(value->origin(), fmt::format("'{}' must be true or false, not {}", name, value->kind_name()));
  return value->text() == "true";
}

void refuse_types_at_top(const Value& document, Diagnostics& faults) {
  for (const char* name : type_names) {
    if (const Value* value = document.find(name))
      faults.add(value->origin(), fmt::format("'{}' stands outside of [types]", name),
                 "so it was until API 0.5; write it below [types]");
  }
}

}  // namespace

LayerToml parse_layer_toml(std::string_view toml, std::string_view name) {
  const Value document = text::parse_toml(toml, name);
  Diagnostics faults;
  refuse_types_at_top(document, faults);
  LayerToml layer;
  if (const Value* types = document.find("types")) {
    if (!types->is_map())
      faults.add(types->origin(), fmt::format("'types' must be a table, not {}", types->kind_name()));
    layer.build = read_type(*types, "build", faults);
    layer.launch = read_type(*types, "launch", faults);
    layer.cache = read_type(*types, "cache", faults);
  }
  faults.throw_if_any();
  if (const Value* metadata = document.find("metadata")) layer.metadata = *metadata;
  return layer;
}

std::string format_layer_metadata(const Value& metadata) {
  if (metadata.is_null()) return {};
  return text::to_toml(Value::map({{"metadata", metadata}}));
}

Value parse_store_toml(std::string_view toml, std::string_view name) {
  const Value document = text::parse_toml(toml, name);
  Diagnostics faults;
  const Value* metadata = document.find("metadata");
  if (metadata != nullptr && !metadata->is_map())
    faults.add(metadata->origin(), fmt::format("'metadata' must be a table, not {}", metadata->kind_name()));
  faults.throw_if_any();
  return metadata == nullptr ? Value() : *metadata;
}

std::string why_no_layer_name(std::string_view name) {
  if (name != "build" && name != "launch" && name != "store") return {};
  return fmt::format("a layer cannot be named '{}', because {}.toml is another file of the buildpack", name,
                     name);
}

}  // namespace bakehouse::buildpack
