// The units of a root among those of other people. Private to this folder.
#pragma once

#include "service/unit.hh"

#include <filesystem>
#include <string>
#include <vector>

namespace bakehouse::service {

// The names of that root's units in a directory of units, in byte order; none where there is no such
// directory.
std::vector<std::string> units_of(const std::filesystem::path& directory, const std::filesystem::path& root);

// Error(refused) when a unit of one of these names belongs to somebody else.
void require_names_free(const std::filesystem::path& directory, const std::filesystem::path& root,
                        const std::vector<Unit>& units);

// Those of which the directory holds another text, or none.
std::vector<Unit> changed_units(const std::filesystem::path& directory, const std::vector<Unit>& units);

// Writes what has changed, each whole or not at all, and removes the root's others. Whether anything was
// done.
bool install_units(const std::filesystem::path& directory, const std::filesystem::path& root,
                   const std::vector<Unit>& units);

}  // namespace bakehouse::service
