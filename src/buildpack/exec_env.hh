// `exec-env`: for which execution environment ("production", "test") something is meant.
#pragma once

#include "text/decode.hh"

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::buildpack {

// The member `exec-env`: strings, or tables with `name`, for the specification writes it in both ways. An
// absent one is an empty list.
std::vector<std::string> read_exec_envs(text::MapReader& reader, text::Diagnostics& faults);

// An empty list is meant for all, and so is "*".
bool is_meant_for(const std::vector<std::string>& exec_envs, std::string_view current);

}  // namespace bakehouse::buildpack
