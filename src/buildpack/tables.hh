// Lists of tables, and texts that become arguments: the parts of which every TOML file of a buildpack is
// made. Private to this folder.
#pragma once

#include "text/decode.hh"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::buildpack {

// The tables of [[key]]; empty when there are none. What is no list of tables is one fault.
std::vector<const text::Value*> take_tables(text::MapReader& reader, std::string_view key,
                                            text::Diagnostics& faults);

// A text that can be an argument, a path or a value of the environment: one without NUL. "" when absent.
std::string take_text(text::MapReader& reader, std::string_view key, text::Diagnostics& faults);
// The same, but absent is a fault.
std::string require_text(text::MapReader& reader, std::string_view key, text::Diagnostics& faults);
// Such texts, and nothing but a list of them; empty when absent.
std::vector<std::string> take_texts(text::MapReader& reader, std::string_view key, text::Diagnostics& faults);

}  // namespace bakehouse::buildpack
