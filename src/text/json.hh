// JSON, strictly: duplicate keys, depth over 64, a BOM, and anything after the document are errors.
#pragma once

#include "text/value.hh"

#include <string>
#include <string_view>

namespace bakehouse::text {

// `name` stands in messages and origins. Throws Error(input) with line and column.
Value parse_json(std::string_view document, std::string_view name);

// Canonical: keys in byte order, no blanks, no line end, integers only; the same value always
// gives the same bytes. Bytes that are no UTF-8 cannot be written and are an Error(input).
std::string to_json(const Value& value);
// For people: two blanks a level, members in their own order, a line end.
std::string to_pretty_json(const Value& value);

}  // namespace bakehouse::text
