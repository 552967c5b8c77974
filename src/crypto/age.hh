// Files of age, version 1 (docs/formats/sealed.md): sealed here they open in `age`, and the reverse.
// Nothing of the content leaves `open_age` before all of it is known to be whole.
#pragma once

#include "crypto/age_keys.hh"
#include "crypto/secret.hh"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::crypto {

enum class AgeForm { binary, armored };

// scrypt with 2^22 takes 4 GiB: more is refused before anything is computed.
constexpr int most_age_work = 22;

// To one recipient or more, each of whom can open it.
std::string seal_age(std::string_view content, const std::vector<AgeRecipient>& recipients, AgeForm form);
// `work` is the binary logarithm of scrypt's N.
std::string seal_age(std::string_view content, const Secret& passphrase, int work, AgeForm form);

// `name` stands in messages. Throw Error(input) for what is no file of age, and Error(trust) when none of the
// identities, or not the pass phrase, opens it, or when it was changed.
Secret open_age(std::string_view sealed, const std::vector<AgeIdentity>& identities, std::string_view name);
Secret open_age(std::string_view sealed, const Secret& passphrase, std::string_view name);

// How many it was sealed to, pass phrases included. Throws as open_age does for what is malformed.
size_t count_age_recipients(std::string_view sealed, std::string_view name);

// The text form alone. Strict but for white space around it: one spelling, lines of 64 digits.
std::string armor_age(std::string_view bytes);
std::string dearmor_age(std::string_view text, std::string_view name);

}  // namespace bakehouse::crypto
