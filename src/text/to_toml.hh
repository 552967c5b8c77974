// Writing TOML 1.0.
#pragma once

#include "text/value.hh"

#include <string>

namespace bakehouse::text {

// Of a map: what parse_toml reads from it is that map again, every type included, but the tables of a
// table come after its other members. Error(input) names what TOML cannot hold: null, a number over 63
// bits, bytes that are no UTF-8.
std::string to_toml(const Value& map);

}  // namespace bakehouse::text
