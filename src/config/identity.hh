// The identity of a root: what opens the secrets that are sealed to it (docs/formats/sealed.md).
#pragma once

#include "config/root.hh"
#include "crypto/age_keys.hh"

#include <filesystem>
#include <vector>

namespace bakehouse::config {

std::filesystem::path identity_file(const Root& root);

// The first one of a root that has none. Error(input), changing nothing, when it has one.
crypto::AgeRecipient make_identity(const Root& root);
// Those of before stay, to read with; the last one is the present one. Error(input), changing nothing, when
// the file would be too long to be read.
crypto::AgeRecipient add_identity(const Root& root);
// None in a root that was made before there were any.
std::vector<crypto::AgeIdentity> read_identities(const Root& root);

}  // namespace bakehouse::config
