// The names in a directory. Private to this folder.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace bakehouse::base {

// Without "." and "..", in byte order; nullopt with errno. From the beginning, whoever read the
// directory before; never from two threads at once with one descriptor.
std::optional<std::vector<std::string>> list(int dir);

}  // namespace bakehouse::base
