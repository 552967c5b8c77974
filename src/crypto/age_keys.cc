#include "crypto/age_keys.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "crypto/bech32.hh"
#include "crypto/minisign_format.hh"
#include "crypto/secret_material.hh"

#include <sodium.h>

#include <algorithm>
#include <functional>

namespace bakehouse::crypto {

struct AgeIdentity::Material : Guarded {
  std::array<uint8_t, 32> key{};
};

namespace {

using base::Error;
using base::Fault;
using base::printable;

constexpr std::string_view recipient_prefix = "age";
constexpr std::string_view identity_prefix = "age-secret-key-";
constexpr std::string_view identity_words = "AGE-SECRET-KEY-";

// What others call a recipient as well.
bool is_other_recipient(std::string_view text) {
  return text.starts_with("ssh-") || (text.starts_with("age1") && text.size() > 62);
}

// Also with blanks or a word before it, and in small letters.
bool holds_identity(std::string_view text) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  const auto is_same = [&](char ours, char small) { return lower(ours) == small; };
  return std::search(text.begin(), text.end(), identity_prefix.begin(), identity_prefix.end(), is_same) !=
         text.end();
}

void for_each_line(std::string_view file, std::string_view name,
                   const std::function<void(std::string_view line, std::string_view where)>& work) {
  size_t number = 0;
  while (!file.empty()) {
    ++number;
    const size_t end = std::min(file.find('\n'), file.size());
    std::string_view line = file.substr(0, end);
    file.remove_prefix(std::min(end + 1, file.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty() && !line.starts_with('#')) work(line, fmt::format("{}: line {}", name, number));
  }
}

Secret read_key_file(const base::Fd& fd, std::string_view name) {
  Secret file = Secret::with_room(largest_key_file + 1);
  while (const size_t count = base::read_some(fd, file.room(), name)) file.extend(count);
  if (file.room().empty())
    throw Error(Fault::input, fmt::format("'{}' is too long to be an identity file", printable(name)));
  return file;
}

}  // namespace

std::string AgeRecipient::text() const { return std::string(encode_bech32(recipient_prefix, key).text()); }

AgeRecipient AgeRecipient::parse(std::string_view text, std::string_view where) {
  AgeRecipient recipient;
  const bool is_lower = text.starts_with("age1");
  if (is_lower && decode_bech32(text, recipient_prefix, recipient.key)) return recipient;
  // A secret that was written here by mistake is not to be shown.
  if (holds_identity(text)) {
    throw Error(Fault::input,
                fmt::format("{}: is an identity, which is secret, and no recipient", printable(where)),
                "write its recipient, age1..., there; `age-keygen -y FILE` prints it");
  }
  if (is_other_recipient(text)) {
    throw Error(Fault::input,
                fmt::format("{}: only recipients of X25519 (age1...) are known", printable(where)),
                "`age-keygen` and `release init` make them");
  }
  throw Error(
      Fault::input,
      fmt::format("{}: '{}' is no recipient of age", printable(where), printable(text.substr(0, 100))),
      "a recipient is age1 and 58 more letters, as `release init` prints it");
}

AgeIdentity::AgeIdentity(std::unique_ptr<Material> material) : material_(std::move(material)) {
  crypto_scalarmult_base(recipient_.key.data(), material_->key.data());
}
AgeIdentity::AgeIdentity(AgeIdentity&&) noexcept = default;
AgeIdentity& AgeIdentity::operator=(AgeIdentity&&) noexcept = default;
AgeIdentity::~AgeIdentity() = default;

AgeIdentity AgeIdentity::generate() {
  auto material = std::make_unique<Material>();
  randombytes_buf(material->key.data(), material->key.size());
  return AgeIdentity(std::move(material));
}

AgeIdentity AgeIdentity::parse(std::string_view text, std::string_view where) {
  auto material = std::make_unique<Material>();
  if (text.starts_with(identity_words) && decode_bech32(text, identity_prefix, material->key))
    return AgeIdentity(std::move(material));
  throw Error(Fault::input, fmt::format("{}: is no identity of age (X25519)", printable(where)),
              "an identity is AGE-SECRET-KEY-1 and 58 more letters, as `age-keygen` makes it");
}

Secret AgeIdentity::text() const {
  Secret text = encode_bech32(identity_prefix, material_->key);
  Secret upper = Secret::with_room(text.text().size());
  for (const char c : text.text()) {
    const char big = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    upper.append({&big, 1});
  }
  return upper;
}

bool AgeIdentity::shared_with(const std::array<uint8_t, 32>& theirs, std::array<uint8_t, 32>& shared) const {
  return crypto_scalarmult(shared.data(), material_->key.data(), theirs.data()) == 0;
}

std::vector<AgeRecipient> parse_age_recipients(std::string_view file, std::string_view name) {
  std::vector<AgeRecipient> recipients;
  for_each_line(file, name, [&](std::string_view line, std::string_view where) {
    recipients.push_back(AgeRecipient::parse(line, where));
  });
  if (!recipients.empty()) return recipients;
  throw Error(Fault::input, fmt::format("{}: names no recipient", printable(name)),
              "write the recipient of each root that shall read there, as `release init` prints it");
}

std::vector<AgeIdentity> parse_age_identities(const Secret& file, std::string_view name) {
  if (file.text().starts_with("age-encryption.org/") ||
      file.text().starts_with("-----BEGIN AGE ENCRYPTED FILE")) {
    throw Error(Fault::input,
                fmt::format("{}: identities with a pass phrase are not read here", printable(name)),
                "decrypt it with `age -d`, to a file of mode 0600");
  }
  std::vector<AgeIdentity> identities;
  for_each_line(file.text(), name, [&](std::string_view line, std::string_view where) {
    identities.push_back(AgeIdentity::parse(line, where));
  });
  if (!identities.empty()) return identities;
  throw Error(Fault::input, fmt::format("{}: holds no identity", printable(name)));
}

std::vector<AgeIdentity> read_age_identities(const std::filesystem::path& path) {
  const base::Fd fd = base::open_for_reading(path);
  const std::string name = printable(path.native());
  if ((base::stat_of(fd, path.native()).mode & 077) != 0) {
    throw Error(Fault::trust, fmt::format("the identity '{}' is open to others than its owner", name),
                fmt::format("chmod 600 {}", name));
  }
  return parse_age_identities(read_key_file(fd, path.native()), path.native());
}

Secret format_age_identity(const AgeIdentity& identity, std::string_view comment) {
  const std::string head = fmt::format("# {}\n# public key: {}\n", comment, identity.recipient().text());
  const Secret key = identity.text();
  Secret file = Secret::with_room(head.size() + key.text().size() + 1);
  file.append(head);
  file.append(key.text());
  file.append("\n");
  return file;
}

}  // namespace bakehouse::crypto
