// TOML 1.0, as buildpacks write it.
#pragma once

#include "text/value.hh"

#include <string_view>

namespace bakehouse::text {

// Dates and times arrive as Kind::date, floats as Kind::number, both with the text TOML has for them.
Value parse_toml(std::string_view document, std::string_view name);

}  // namespace bakehouse::text
