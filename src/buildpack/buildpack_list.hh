// Lists of buildpacks as other platforms write them, as names of ours (source_name.hh).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::buildpack {

// `.buildpacks`: a `URL[#REF]` in each line; blank lines and those that begin with '#' mean nothing.
std::vector<std::string> parse_buildpack_list(std::string_view text, std::string_view name);
// app.json: [{"url": ...}, ...] under `buildpacks`, which may be missing. Error(input) with the place.
std::vector<std::string> parse_app_json(std::string_view json, std::string_view name);

}  // namespace bakehouse::buildpack
