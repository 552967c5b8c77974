// Who listens where, as URLs and checks name it. Private to this folder.
#pragma once

#include <string_view>

namespace bakehouse::config {

enum class Port { required, optional };

// "host:port", "[::1]:port"; without the port where that may be left out.
bool is_authority(std::string_view text, Port need);

}  // namespace bakehouse::config
