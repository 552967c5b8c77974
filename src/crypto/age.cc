#include "crypto/age.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "crypto/age_header.hh"
#include "crypto/age_stream.hh"
#include "crypto/hkdf.hh"
#include "crypto/hmac.hh"
#include "crypto/minisign_format.hh"

#include <sodium.h>

#include <algorithm>
#include <cassert>
#include <functional>
#include <optional>

namespace bakehouse::crypto {
namespace {

using base::Error;
using base::Fault;
using base::printable;

constexpr size_t file_key_size = 16;
constexpr size_t wrapped_size = file_key_size + crypto_aead_chacha20poly1305_IETF_ABYTES;
constexpr size_t salt_size = 16;
constexpr std::string_view x25519_label = "age-encryption.org/v1/X25519";
constexpr std::string_view scrypt_label = "age-encryption.org/v1/scrypt";
// A key wraps one file key only, so its nonce may be always the same.
constexpr std::array<uint8_t, crypto_aead_chacha20poly1305_IETF_NPUBBYTES> wrap_nonce{};

using FileKey = WipedBytes<file_key_size>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string_view view_of(const std::array<uint8_t, 32>& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

std::string random_bytes(size_t size) {
  std::string bytes(size, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

std::string wrap(const FileKey& key, const DerivedKey& with) {
  std::string wrapped(wrapped_size, '\0');
  crypto_aead_chacha20poly1305_ietf_encrypt(reinterpret_cast<unsigned char*>(wrapped.data()), nullptr,
                                            key.bytes.data(), key.bytes.size(), nullptr, 0, nullptr,
                                            wrap_nonce.data(), with.bytes.data());
  return wrapped;
}

bool unwrap(std::string_view wrapped, const DerivedKey& with, FileKey& key) {
  return crypto_aead_chacha20poly1305_ietf_decrypt(key.bytes.data(), nullptr, nullptr, bytes_of(wrapped),
                                                   wrapped.size(), nullptr, 0, wrap_nonce.data(),
                                                   with.bytes.data()) == 0;
}

// ---- X25519

AgeStanza wrap_for(const AgeRecipient& recipient, const FileKey& key) {
  const AgeIdentity ephemeral = AgeIdentity::generate();
  DerivedKey shared;
  if (!ephemeral.shared_with(recipient.key, shared.bytes)) {
    throw Error(Fault::input, fmt::format("'{}' is a recipient that nobody can be", recipient.text()),
                "ask for the recipient again, as `release init` prints it");
  }
  const std::string_view share = view_of(ephemeral.recipient().key);
  DerivedKey with;
  derive_key(shared.view(), std::string(share) + std::string(view_of(recipient.key)), x25519_label, with);
  return {{"X25519", encode_age_base64(share)}, wrap(key, with)};
}

struct X25519Stanza {
  std::array<uint8_t, 32> share{};
  std::string_view wrapped;
};

X25519Stanza read_x25519(const AgeStanza& stanza, std::string_view name) {
  X25519Stanza read;
  std::string share;
  if (stanza.words.size() != 2 || !decode_age_base64(stanza.words[1], share) ||
      share.size() != read.share.size())
    throw malformed_age_header(name, "a recipient X25519 has not one share of 32 bytes");
  if (stanza.body.size() != wrapped_size)
    throw malformed_age_header(name, "the key of a recipient has not 16 bytes");
  std::copy(share.begin(), share.end(), read.share.begin());
  read.wrapped = stanza.body;
  return read;
}

bool unwrap_by(const AgeIdentity& identity, const X25519Stanza& stanza, std::string_view name, FileKey& key) {
  DerivedKey shared;
  if (!identity.shared_with(stanza.share, shared.bytes))
    throw malformed_age_header(name,
                               "the share of a recipient X25519 is one of those that give all secrets away");
  DerivedKey with;
  derive_key(shared.view(),
             std::string(view_of(stanza.share)) + std::string(view_of(identity.recipient().key)),
             x25519_label, with);
  return unwrap(stanza.wrapped, with, key);
}

// ---- scrypt

void derive_from_passphrase(const Secret& passphrase, std::string_view salt, int work, DerivedKey& key) {
  const std::string salted = std::string(scrypt_label) + std::string(salt);
  constexpr uint32_t block = 8;
  if (crypto_pwhash_scryptsalsa208sha256_ll(bytes_of(passphrase.text()), passphrase.text().size(),
                                            bytes_of(salted), salted.size(), uint64_t{1} << work, block, 1,
                                            key.bytes.data(), key.bytes.size()) != 0) {
    throw Error(
        Fault::refused,
        fmt::format("not enough memory for the pass phrase: scrypt needs {} KiB", uint64_t{1} << work),
        "open it on a larger machine, or seal it with less work");
  }
}

AgeStanza wrap_for(const Secret& passphrase, int work, const FileKey& key) {
  const std::string salt = random_bytes(salt_size);
  DerivedKey with;
  derive_from_passphrase(passphrase, salt, work, with);
  return {{"scrypt", encode_age_base64(salt), fmt::format("{}", work)}, wrap(key, with)};
}

struct ScryptStanza {
  std::string salt;
  int work = 0;
  std::string_view wrapped;
};

// One or two digits without a zero in front, at most 22.
int read_work(const std::string& word, std::string_view name) {
  const bool is_number = !word.empty() && word[0] != '0' && word.size() <= 4 &&
                         word.find_first_not_of("0123456789") == std::string::npos;
  if (!is_number) throw malformed_age_header(name, "the work of its pass phrase is no number");
  const int work = std::stoi(word);
  if (work <= most_age_work) return work;
  throw malformed_age_header(
      name, fmt::format("its pass phrase asks for the work 2^{}, above 2^{}", work, most_age_work));
}

ScryptStanza read_scrypt(const AgeStanza& stanza, std::string_view name) {
  ScryptStanza read;
  if (stanza.words.size() != 3 || !decode_age_base64(stanza.words[1], read.salt) ||
      read.salt.size() != salt_size)
    throw malformed_age_header(name, "its pass phrase has not one salt of 16 bytes and one number");
  read.work = read_work(stanza.words[2], name);
  if (stanza.body.size() != wrapped_size)
    throw malformed_age_header(name, "the key of its pass phrase has not 16 bytes");
  read.wrapped = stanza.body;
  return read;
}

// ---- files

bool is_scrypt(const AgeStanza& stanza) { return stanza.words[0] == "scrypt"; }

// Whoever knows the pass phrase could have written the file: with other recipients beside it, they would
// believe that it comes from somebody who cannot open it.
void check_scrypt_alone(const AgeHeader& header, std::string_view name) {
  const bool has_scrypt = std::any_of(header.stanzas.begin(), header.stanzas.end(), is_scrypt);
  if (has_scrypt && header.stanzas.size() > 1)
    throw malformed_age_header(name, "a pass phrase has another recipient beside it");
}

Digest mac_of(const FileKey& key, std::string_view signed_part) {
  DerivedKey mac_key;
  derive_key(key.view(), "", "header", mac_key);
  return hmac_sha256(mac_key.view(), signed_part);
}

std::string finish(const std::vector<AgeStanza>& stanzas, const FileKey& key, std::string_view content,
                   AgeForm form) {
  std::string file = format_age_stanzas(stanzas);
  file += format_age_mac(mac_of(key, file).view());
  const std::string nonce = random_bytes(age_nonce_size);
  file += nonce;
  DerivedKey payload_key;
  derive_key(key.view(), nonce, "payload", payload_key);
  append_age_stream(content, payload_key, file);
  return form == AgeForm::armored ? armor_age(file) : file;
}

// Takes the file key out of a parsed header, or says that nobody here can.
using Unwrap = std::function<bool(const AgeHeader& header, FileKey& key)>;

bool is_armored(std::string_view sealed) {
  const size_t begin = sealed.find_first_not_of(" \t\r\n");
  return begin != std::string_view::npos && sealed.substr(begin).starts_with("-----");
}

Secret open_binary(std::string_view sealed, std::string_view name, const Unwrap& unwrap_key,
                   const char* hint) {
  const ParsedAge parsed = parse_age(sealed, name);
  check_scrypt_alone(parsed.header, name);
  FileKey key;
  if (!unwrap_key(parsed.header, key))
    throw Error(
        Fault::trust,
        fmt::format("{}: is sealed to others, and cannot be opened with what is here", printable(name)),
        hint);
  const Digest mac = mac_of(key, parsed.header.signed_part);
  if (sodium_memcmp(mac.bytes.data(), parsed.header.mac.data(), mac.bytes.size()) != 0) {
    throw Error(Fault::trust, fmt::format("{}: its header was changed after it was sealed", printable(name)),
                "take it from where it came from again");
  }
  DerivedKey payload_key;
  derive_key(key.view(), parsed.nonce, "payload", payload_key);
  return open_age_stream(parsed.payload, payload_key, name);
}

Secret open_any(std::string_view sealed, std::string_view name, const Unwrap& unwrap_key, const char* hint) {
  start_sodium();
  if (is_armored(sealed)) return open_binary(dearmor_age(sealed, name), name, unwrap_key, hint);
  return open_binary(sealed, name, unwrap_key, hint);
}

}  // namespace

std::string seal_age(std::string_view content, const std::vector<AgeRecipient>& recipients, AgeForm form) {
  start_sodium();
  if (recipients.empty()) throw Error(Fault::input, "there is nobody to seal it to", "name a recipient");
  FileKey key;
  randombytes_buf(key.bytes.data(), key.bytes.size());
  std::vector<AgeStanza> stanzas;
  for (const AgeRecipient& recipient : recipients) stanzas.push_back(wrap_for(recipient, key));
  return finish(stanzas, key, content, form);
}

std::string seal_age(std::string_view content, const Secret& passphrase, int work, AgeForm form) {
  start_sodium();
  assert(work >= 1 && work <= most_age_work);
  if (passphrase.text().empty()) throw Error(Fault::input, "an empty pass phrase protects nothing");
  FileKey key;
  randombytes_buf(key.bytes.data(), key.bytes.size());
  return finish({wrap_for(passphrase, work, key)}, key, content, form);
}

Secret open_age(std::string_view sealed, const std::vector<AgeIdentity>& identities, std::string_view name) {
  const Unwrap by_identity = [&](const AgeHeader& header, FileKey& key) {
    for (const AgeStanza& stanza : header.stanzas) {
      if (stanza.words[0] != "X25519") continue;
      const X25519Stanza read = read_x25519(stanza, name);
      for (const AgeIdentity& identity : identities)
        if (unwrap_by(identity, read, name, key)) return true;
    }
    return false;
  };
  return open_any(sealed, name, by_identity, "have it sealed to this identity's recipient as well");
}

Secret open_age(std::string_view sealed, const Secret& passphrase, std::string_view name) {
  const Unwrap by_passphrase = [&](const AgeHeader& header, FileKey& key) {
    if (!is_scrypt(header.stanzas[0])) return false;
    const ScryptStanza read = read_scrypt(header.stanzas[0], name);
    DerivedKey with;
    derive_from_passphrase(passphrase, read.salt, read.work, with);
    return unwrap(read.wrapped, with, key);
  };
  return open_any(sealed, name, by_passphrase, "it has another pass phrase, or is sealed to identities");
}

size_t count_age_recipients(std::string_view sealed, std::string_view name) {
  start_sodium();
  const std::string binary = is_armored(sealed) ? dearmor_age(sealed, name) : std::string(sealed);
  return parse_age(binary, name).header.stanzas.size();
}

}  // namespace bakehouse::crypto
