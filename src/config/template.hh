// Templates of configuration files: texts with places for values of the pillar, and nothing that could
// compute.
//
//   ${a.b}           the value, which must be there
//   ${a.b:-text}     or that text
//   ${a.b|shell}     written as a shell wants it (config/escape.hh); ${a.b|shell:-text}
//   $${              the two characters "${"
#pragma once

#include "config/pillar.hh"
#include "text/decode.hh"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace bakehouse::config {

constexpr size_t largest_template = size_t{1} << 20;
constexpr size_t largest_rendered = size_t{16} << 20;

struct Rendered {
  std::string text;
  std::set<std::string> keys;  // that it asks for
  bool has_sealed = false;     // a sealed value is in it
};

// `name` stands in messages. What is wrong with a place goes to `faults`, each with line and column; then the
// text is not whole. Error(input) for what is no text at all.
Rendered render_template(std::string_view text, std::string_view name, const Pillar& pillar,
                         text::Diagnostics& faults);

}  // namespace bakehouse::config
