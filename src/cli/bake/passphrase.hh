// Where a pass phrase comes from: a prompt, a file or a descriptor; never the command line.
// A signal ends a prompt with an Error where make_surroundings has installed the handlers.
#pragma once

#include "cli/bake/commands.hh"
#include "crypto/secret_key.hh"

#include <string>

namespace bakehouse::cli {

// For keys that exist. Each question takes the next line of the file or descriptor.
crypto::AskPassphrase ask_passphrase(const PassphraseOptions& options);
// For a new one: typed twice at a prompt.
crypto::Secret new_passphrase(const PassphraseOptions& options);

// One line of a terminal, typed unseen.
crypto::Secret prompt_secret(const std::string& question, const std::string& hint);

}  // namespace bakehouse::cli
