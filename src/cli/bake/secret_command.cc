#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "cli/bake/commands.hh"
#include "cli/bake/passphrase.hh"
#include "cli/bake/secret_place.hh"
#include "config/identity.hh"
#include "config/node_settings.hh"
#include "crypto/age.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include <fcntl.h>
#include <unistd.h>

namespace bakehouse::cli {
namespace {

using base::Error;
using base::Fault;
using crypto::AgeRecipient;
using crypto::Secret;
using text::Value;

Secret read_to_end(const base::Fd& fd, const std::string& name) {
  Secret value = Secret::with_room(config::largest_secret + 1);
  while (!value.room().empty()) {
    const size_t count = base::read_some(fd, value.room(), name);
    if (count == 0) return value;
    value.extend(count);
  }
  throw Error(Fault::input, fmt::format("'{}' holds more than the {} bytes of a secret",
                                        base::printable(name), config::largest_secret));
}

// `echo word | bake secret set KEY` means the word.
void drop_line_end(Secret& value) {
  if (!value.text().ends_with('\n')) return;
  const bool has_return = value.text().ends_with("\r\n");
  value.truncate(value.text().size() - (has_return ? 2 : 1));
}

Secret read_value(const SecretCommand& command) {
  if (command.file) return read_to_end(base::open_for_reading(*command.file), command.file->native());
  if (::isatty(STDIN_FILENO) == 1)
    return prompt_secret(fmt::format("value of {}: ", command.key), "use --file FILE, or standard input");
  // A duplicate, because the descriptor is not ours to close.
  const base::Fd input(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  if (!input)
    throw Error(Fault::usage, "there is no standard input to read the value from", "use --file FILE");
  Secret value = read_to_end(input, "standard input");
  drop_line_end(value);
  return value;
}

// How many of the recipients of today a value is sealed to cannot be known: their stanzas are anonymous. That
// they are fewer or more can.
Value describe(const std::string& key, const config::SealedValue& value, const config::SealedPlace& place) {
  const size_t sealed_to = crypto::count_age_recipients(value.armored, place.values().native() + ": " + key);
  return Value::map(
      {{"key", key}, {"changed", value.changed}, {"recipients", static_cast<int64_t>(sealed_to)}});
}

void say_value(const Value& facts, size_t recipients, const Screen& screen) {
  const std::string& changed = facts.string_at("changed");
  const auto sealed_to = static_cast<size_t>(facts.integer_at("recipients"));
  screen.say(fmt::format(
      "{}  {}{}", changed.empty() ? "when is not known " : changed, facts.string_at("key"),
      sealed_to == recipients
          ? ""
          : fmt::format("  (sealed to {} of today's {}: `bake secret rotate`)", sealed_to, recipients)));
}

// ---- rotation

struct Rotation {
  config::SealedPlace place;
  config::OpenedValues values;
  bool is_ours;  // this root is to be among its recipients
};

// All that this root reads, opened before anything is changed. Of an environment that is not its own this
// root may read what it was taken out of since: it stays out.
std::vector<Rotation> open_all(const SecretPlace& place, const SecretCommand& command,
                               const std::vector<crypto::AgeIdentity>& identities, const Screen& screen) {
  std::vector<Rotation> all;
  const std::string own = config::environment_of(place.root);
  const auto names_us = [&](const std::vector<AgeRecipient>& recipients) {
    return std::any_of(identities.begin(), identities.end(), [&](const crypto::AgeIdentity& each) {
      return std::find(recipients.begin(), recipients.end(), each.recipient()) != recipients.end();
    });
  };
  for (const std::string& environment : config::sealed_environments(place.sealed.pillar)) {
    const config::SealedPlace each{place.sealed.pillar, environment};
    const bool is_named = environment == place.sealed.environment;
    if (!is_named && command.environment) continue;
    const bool is_ours = environment == own || names_us(config::read_recipients(each));
    if (!is_named && !is_ours) continue;
    if (!is_ours) require_recipients(place, screen);
    all.push_back({each, config::open_sealed(each.pillar, environment, identities), is_ours});
  }
  return all;
}

void seal_anew(const SecretPlace& place, const Rotation& rotation, const AgeRecipient& now,
               const std::vector<AgeRecipient>& before) {
  if (rotation.is_ours) config::put_recipient(rotation.place, now, before);
  const auto recipients = config::read_recipients(rotation.place);
  config::SealedValues values = config::read_sealed(rotation.place);
  // When a value was changed is not when it was sealed.
  for (auto& [key, value] : values)
    value.armored = seal_value(place, rotation.values.at(key).text(), recipients).armored;
  config::write_sealed(rotation.place, values);
}

}  // namespace

int run_secret_set(const GlobalOptions& global, const SecretCommand& command, const Screen& screen) {
  const crypto::NoDumps no_dumps;
  config::check_secret_key(command.key);
  const SecretPlace place = open_secret_place(global, command, screen);
  const Secret value = read_value(command);
  if (value.text().empty())
    throw Error(Fault::input, "the value is empty", "give it on standard input, or with --file FILE");
  const auto lock = lock_secrets(place, "secret set");
  const auto recipients = require_recipients(place, screen);
  config::SealedValues values = config::read_sealed(place.sealed);
  values[command.key] = seal_value(place, value.text(), recipients);
  config::write_sealed(place.sealed, values);
  screen.say(fmt::format("sealed {} for {}, to {} recipient{}", command.key, place.sealed.environment,
                         recipients.size(), recipients.size() == 1 ? "" : "s"));
  screen.answer(Value::map({{"key", command.key},
                            {"environment", place.sealed.environment},
                            {"file", place.sealed.values().native()},
                            {"recipients", static_cast<int64_t>(recipients.size())}}));
  return 0;
}

int run_secret_list(const GlobalOptions& global, const SecretCommand& command, const Screen& screen) {
  const SecretPlace place = open_secret_place(global, command, screen);
  const auto recipients = config::read_recipients(place.sealed);
  Value keys = Value::list();
  for (const auto& [key, value] : config::read_sealed(place.sealed)) {
    Value facts = describe(key, value, place.sealed);
    say_value(facts, recipients.size(), screen);
    keys.push(std::move(facts));
  }
  if (keys.items().empty()) screen.say(fmt::format("no secrets of {}", place.sealed.environment));
  Value names = Value::list();
  for (const AgeRecipient& recipient : recipients) {
    screen.say(fmt::format("to {}", recipient.text()));
    names.push(recipient.text());
  }
  screen.answer(Value::map({{"environment", place.sealed.environment},
                            {"secrets", std::move(keys)},
                            {"recipients", std::move(names)}}));
  return 0;
}

int run_secret_rotate(const GlobalOptions& global, const SecretCommand& command, const Screen& screen) {
  const crypto::NoDumps no_dumps;
  const SecretPlace place = open_secret_place(global, command, screen);
  const auto lock = lock_secrets(place, "secret rotate");
  const auto identities = config::read_identities(place.root);
  const std::vector<Rotation> all = open_all(place, command, identities, screen);
  std::vector<AgeRecipient> before;
  for (const auto& identity : identities) before.push_back(identity.recipient());
  // From here on killed anywhere: the file of identities opens what was sealed before and after.
  const AgeRecipient now = config::add_identity(place.root);
  size_t count = 0;
  for (const Rotation& rotation : all) {
    seal_anew(place, rotation, now, before);
    count += rotation.values.size();
  }
  screen.say(fmt::format("the recipient of this root is {} now", now.text()));
  screen.say(fmt::format("sealed {} secret{} anew; the identities of before stay, to read with", count,
                         count == 1 ? "" : "s"));
  Value environments = Value::list();
  for (const Rotation& rotation : all) environments.push(rotation.place.environment);
  screen.answer(Value::map({{"recipient", now.text()},
                            {"sealed", static_cast<int64_t>(count)},
                            {"environments", std::move(environments)}}));
  return 0;
}

}  // namespace bakehouse::cli
