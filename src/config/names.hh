// The rules for names that a project gives. Each function says how a text breaks the rule, as the
// end of a sentence that begins with it ("is longer than 64 bytes"); nullopt when it keeps it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace bakehouse::config {

// [a-z0-9][a-z0-9._-]*, at most 64 bytes.
std::optional<std::string> why_not_project_name(std::string_view name);
// [A-Za-z0-9][A-Za-z0-9.+_~-]*, at most 128 bytes.
std::optional<std::string> why_not_version(std::string_view version);
// [A-Za-z0-9][A-Za-z0-9._-]*, at most 64 bytes: processes and layouts.
std::optional<std::string> why_not_word(std::string_view word);
// [A-Za-z_][A-Za-z0-9_]*, at most 128 bytes.
std::optional<std::string> why_not_environment_name(std::string_view name);

}  // namespace bakehouse::config
