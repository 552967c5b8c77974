// <layer>.toml and store.toml: what a layer is for, and what a buildpack wants to find again.
#pragma once

#include "text/value.hh"

#include <string>
#include <string_view>

namespace bakehouse::buildpack {

struct LayerToml {
  bool build = false;
  bool launch = false;
  bool cache = false;
  text::Value metadata;  // any value; null when there is none

  // For nothing at all: its directory is set aside as `<layer>.ignore`.
  bool is_ignored() const { return !build && !launch && !cache; }
};

// Error(input) with the place. `build`, `launch` or `cache` outside of [types], where API 0.5 had
// them, is an error: to overlook it would lose the layer silently.
LayerToml parse_layer_toml(std::string_view toml, std::string_view name);
// What is restored of a <layer>.toml: the metadata alone, never the types; "" when it is null.
std::string format_layer_metadata(const text::Value& metadata);

// The metadata of store.toml, a map, or null. To be written back with format_layer_metadata.
text::Value parse_store_toml(std::string_view toml, std::string_view name);

// Why a buildpack's layer cannot have this name ("build", "launch", "store" belong to other files), or "".
std::string why_no_layer_name(std::string_view name);

}  // namespace bakehouse::buildpack
