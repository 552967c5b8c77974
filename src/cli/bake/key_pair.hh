// A pair of keys in two new files.
#pragma once

#include "crypto/secret_key.hh"

#include <filesystem>
#include <functional>

namespace bakehouse::cli {

// shop.key -> shop.pub; anything else gets .pub added.
std::filesystem::path public_file_of(const std::filesystem::path& secret);

// `format` says how the secret one is written, and is asked only when neither file is there. Error(input)
// when one is.
crypto::PublicKey make_key_pair(const std::filesystem::path& secret,
                                const std::function<crypto::Secret(const crypto::SecretKey&)>& format);

}  // namespace bakehouse::cli
