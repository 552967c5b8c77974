// HMAC-SHA256: a text's seal by a secret that both sides know.
#pragma once

#include "crypto/digest.hh"

#include <string_view>

namespace bakehouse::crypto {

Digest hmac_sha256(std::string_view key, std::string_view bytes);

}  // namespace bakehouse::crypto
