// Objects of a push that git has not taken over yet. Private to this folder.
#pragma once

#include <filesystem>

namespace bakehouse::source {

// Gives each of them a second name in `objects`, durably; git may then move or remove the first. Error(input)
// unless the quarantine lies in `objects`, where git makes it.
void link_objects(const std::filesystem::path& objects, const std::filesystem::path& quarantine);

}  // namespace bakehouse::source
