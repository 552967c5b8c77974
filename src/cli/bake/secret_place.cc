#include "cli/bake/secret_place.hh"

#include "bakery/push.hh"
#include "base/error.hh"
#include "config/identity.hh"
#include "config/node_settings.hh"
#include "crypto/age.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::cli {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using crypto::AgeRecipient;

void require_pillar(const fs::path& pillar) {
  if (fs::is_directory(pillar)) return;
  throw Error(Fault::input, fmt::format("there is no pillar at '{}'", pillar.native()),
              "make the directory, or name a clone of the pillar with --pillar");
}

std::vector<AgeRecipient> own_recipients(const config::Root& root) {
  std::vector<AgeRecipient> own;
  for (const auto& identity : config::read_identities(root)) own.push_back(identity.recipient());
  return own;
}

void warn_unless_ours(const std::vector<AgeRecipient>& recipients, const std::vector<AgeRecipient>& own,
                      const SecretPlace& place, const Screen& screen) {
  const bool is_ours = std::any_of(own.begin(), own.end(), [&](const AgeRecipient& each) {
    return std::find(recipients.begin(), recipients.end(), each) != recipients.end();
  });
  if (is_ours || place.sealed.environment != config::environment_of(place.root)) return;
  screen.events()(
      {base::Event::Kind::warning, "",
       fmt::format("this root cannot open what it seals: {} does not name its recipient{}",
                   place.sealed.recipients().native(), own.empty() ? "" : " " + own.back().text())});
}

}  // namespace

SecretPlace open_secret_place(const GlobalOptions& global, const SecretCommand& command,
                              const Screen& screen) {
  SecretPlace place{config::read_root(require_root(global)), make_surroundings(screen), {}};
  place.sealed.pillar =
      command.pillar ? fs::absolute(*command.pillar) : place.root.at(place.root.layout.pillar);
  place.sealed.environment = command.environment.value_or(config::environment_of(place.root));
  config::check_environment(place.sealed.environment);
  require_pillar(place.sealed.pillar);
  const fs::path own = place.root.at(place.root.layout.pillar);
  if (fs::weakly_canonical(place.sealed.pillar) == own) bakery::require_settled_pillar(place.root);
  return place;
}

phase::Lock lock_secrets(const SecretPlace& place, const std::string& purpose) {
  return phase::Lock::take(place.root.state() / "secret.lock", purpose, place.around.clock);
}

std::vector<AgeRecipient> require_recipients(const SecretPlace& place, const Screen& screen) {
  const std::vector<AgeRecipient> own = own_recipients(place.root);
  std::vector<AgeRecipient> recipients = config::read_recipients(place.sealed);
  if (!recipients.empty()) {
    warn_unless_ours(recipients, own, place, screen);
    return recipients;
  }
  if (place.sealed.environment != config::environment_of(place.root)) {
    throw Error(Fault::input,
                fmt::format("nobody is named who may read the secrets of {}", place.sealed.environment),
                fmt::format("write the recipient of its root, as `release init` printed it, into {}",
                            place.sealed.recipients().native()));
  }
  const AgeRecipient self = own.empty() ? config::make_identity(place.root) : own.back();
  config::put_recipient(place.sealed, self, {});
  screen.say(fmt::format("made {}: this root reads them; add a line for each other one that shall",
                         place.sealed.recipients().native()));
  return {self};
}

config::SealedValue seal_value(const SecretPlace& place, std::string_view content,
                               const std::vector<AgeRecipient>& recipients) {
  if (content.size() > config::largest_secret) {
    throw Error(Fault::input, fmt::format("a secret of more than {} bytes", config::largest_secret),
                "seal a key to it instead, and keep the file in data/");
  }
  return {crypto::seal_age(content, recipients, crypto::AgeForm::armored),
          base::iso_datetime(place.around.clock.seconds())};
}

}  // namespace bakehouse::cli
