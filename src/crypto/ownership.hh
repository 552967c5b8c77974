// Who may write a file: what decides whom to trust is worth no more than the modes around it.
#pragma once

#include <filesystem>

namespace bakehouse::crypto {

// Throws Error(trust), naming the path at fault and the command that mends it, when anybody but
// root and the effective user may write `path` or replace it by writing a directory above, up to
// "/" and through every link on the way. A sticky directory above is fine, /tmp for one.
void check_only_owner_writes(const std::filesystem::path& path);

}  // namespace bakehouse::crypto
