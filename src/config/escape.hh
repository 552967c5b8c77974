// Values of the pillar as the languages of configuration files write them.
#pragma once

#include "text/value.hh"

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::config {

// The names that a template may put behind a '|'.
const std::vector<std::string>& filter_names();

// Error(input) saying why such a value cannot be written so, as the end of a sentence that begins with its
// key: "is a list". `filter` is one of filter_names, or "" for the text as it is.
std::string write_value(const text::Value& value, std::string_view filter);

}  // namespace bakehouse::config
