// Texts as systemd reads them in a unit file (systemd.syntax(7), systemd.service(5)). Private to this folder.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::service {

// One word of a list, in quotes, whatever it holds: blanks, quotes, percent signs, line ends. Error(input)
// for what no unit can hold: other control characters, and bytes that are no UTF-8.
std::string unit_word(std::string_view text);
std::string unit_words(const std::vector<std::string>& texts);

// The value of a setting that is one path and knows no quotes. Error(input) for what such a line cannot hold.
std::string unit_path(const std::filesystem::path& path);
// The same of a setting that takes a pattern of paths, for that one path.
std::string unit_pattern(const std::filesystem::path& path);

}  // namespace bakehouse::service
