// TOML 1.0, as buildpacks write it.
#pragma once

#include "text/value.hh"

#include <string_view>

namespace bakehouse::text {

// Dates arrive as Kind::string with the text TOML prints for them, floats as Kind::number.
Value parse_toml(std::string_view document, std::string_view name);

}  // namespace bakehouse::text
