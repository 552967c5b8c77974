// Variables that a process gets by a file, because not everybody may see them: where its start is described,
// only the file is named. The form is that of EnvironmentFile= of systemd.exec(5), and a shell can read it:
//
//   NAME="value"     with a backslash before each of " \ ` $; line ends stand as they are
#pragma once

#include "launch/layer_env.hh"

#include <optional>
#include <string>
#include <string_view>

namespace bakehouse::launch {

// Why a value cannot stand in such a file, as the end of a sentence that begins with it; nullopt when it can.
std::optional<std::string> why_not_variable(std::string_view name, std::string_view value);
// Of values that can.
std::string format_variables(const Environment& variables);
// Error(input) with the line for anything that was not written so.
Environment parse_variables(std::string_view text);

}  // namespace bakehouse::launch
