// Who listens where, as URLs and checks name it. Private to this folder.
#pragma once

#include "base/address.hh"

#include <string_view>

namespace bakehouse::config {

// "host:port", "[::1]:port"; without the port where that may be left out.
bool is_authority(std::string_view text, base::Port need);

}  // namespace bakehouse::config
