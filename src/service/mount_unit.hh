// A directory that is to be seen at another path as well, also after the machine has started anew.
#pragma once

#include <filesystem>

namespace bakehouse::service {

// Whether systemd runs this machine.
bool systemd_runs();

// A mount unit of the system, enabled and started; done again it changes nothing. Only root can.
void bind_by_unit(const std::filesystem::path& what, const std::filesystem::path& where);
// Unmounted, and the unit is gone. None there is no error.
void unbind_by_unit(const std::filesystem::path& where);

}  // namespace bakehouse::service
