// The content of a file of age: ChaCha20-Poly1305 over pieces of 64 KiB, each of which knows its number and
// whether it is the last. Private to this folder.
#pragma once

#include "crypto/hkdf.hh"
#include "crypto/secret.hh"

#include <string>
#include <string_view>

namespace bakehouse::crypto {

void append_age_stream(std::string_view content, const DerivedKey& key, std::string& out);
// Error(trust) unless every piece is what was sealed, in its order, up to the last.
Secret open_age_stream(std::string_view stream, const DerivedKey& key, std::string_view name);

}  // namespace bakehouse::crypto
