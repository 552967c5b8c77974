// A Procfile: the processes of an application, a line each.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bakehouse::buildpack {

using ProcessLines = std::vector<std::pair<std::string, std::string>>;  // type, command

// `TYPE: COMMAND`; other lines mean nothing. Error(input) for a type that stands twice, and for what is no
// text.
ProcessLines parse_procfile(std::string_view text, std::string_view name);

}  // namespace bakehouse::buildpack
