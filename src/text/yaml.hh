// YAML as configuration files need it: maps, lists and scalars. What makes YAML surprising is an
// error: anchors, aliases, merge keys, tags, duplicate keys, a second document, depth over 64.
#pragma once

#include "text/value.hh"

#include <string>
#include <string_view>

namespace bakehouse::text {

// Unquoted scalars arrive as Kind::plain with their text as written. An empty document is null.
// Throws Error(input) for the first fault, with file, line and column.
Value parse_yaml(std::string_view document, std::string_view name);

// parse_yaml(to_yaml(v)) is v again, plain scalars included.
std::string to_yaml(const Value& value);

}  // namespace bakehouse::text
