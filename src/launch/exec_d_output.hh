// What a program of `exec.d` says on descriptor 3: TOML with one variable a line and nothing else.
#pragma once

#include "launch/layer_env.hh"

#include <string_view>

namespace bakehouse::launch {

// Error(input) with the number of the line: for what is no TOML, a name that stands twice or that no
// variable can have, and every value but a string.
Environment parse_exec_d_output(std::string_view text);

}  // namespace bakehouse::launch
