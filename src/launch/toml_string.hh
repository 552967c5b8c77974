// The strings of TOML 1.0, in all four notations: all that the launch helper reads of the format.
#pragma once

#include <string>
#include <string_view>

namespace bakehouse::launch {

enum class Lines { one, several };

// Takes the string that `rest` begins with off its front. With Lines::one the notations that may hold
// line ends are none. Error(input) says what is wrong; `rest` then begins where it is.
std::string take_toml_string(std::string_view& rest, Lines lines);

}  // namespace bakehouse::launch
