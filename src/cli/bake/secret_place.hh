// What every `bake secret` begins with: which root, which pillar, which environment, and the lock on them.
#pragma once

#include "cli/bake/commands.hh"
#include "config/root.hh"
#include "config/sealed.hh"
#include "phase/lock.hh"

#include <string>
#include <vector>

namespace bakehouse::cli {

struct SecretPlace {
  config::Root root;
  phase::Surroundings around;
  config::SealedPlace sealed;
};
SecretPlace open_secret_place(const GlobalOptions& global, const SecretCommand& command,
                              const Screen& screen);

// Error(locked) when another `bake secret` of this root runs.
phase::Lock lock_secrets(const SecretPlace& place, const std::string& purpose);

// To whom a value is sealed: what the recipients file says. In the root's own environment it begins with the
// root itself, where there is no such file yet. Warns when this root could not open what it seals.
std::vector<crypto::AgeRecipient> require_recipients(const SecretPlace& place, const Screen& screen);

config::SealedValue seal_value(const SecretPlace& place, std::string_view content,
                               const std::vector<crypto::AgeRecipient>& recipients);

}  // namespace bakehouse::cli
