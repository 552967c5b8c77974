// One line of a manifest. Private to this folder.
#pragma once

#include "tree/entry.hh"

#include <optional>
#include <string>
#include <string_view>

namespace bakehouse::tree {

// With \ooo for what mtree(5) would not take for itself; one spelling for each byte.
void append_escaped(std::string& out, std::string_view text);
std::optional<std::string> unescape(std::string_view text);

// With the newline.
void append_line(std::string& out, const Entry& entry);
// Without it. Accepts exactly what append_line writes; anything else is an Error(input).
Entry parse_line(std::string_view line);

}  // namespace bakehouse::tree
