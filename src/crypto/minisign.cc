#include "crypto/minisign.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "crypto/minisign_format.hh"

#include <sodium.h>

#include <algorithm>
#include <utility>

namespace bakehouse::crypto {
namespace {

using base::Error;
using base::Fault;
using base::printable;

// Line 2 of both files, byte for byte: what it is, whose, and the bytes themselves.
template <size_t size>
struct Record {
  std::array<char, 2> algorithm{};
  KeyId id;
  std::array<uint8_t, size> payload{};

  std::string_view kind() const { return {algorithm.data(), algorithm.size()}; }
};

template <size_t size>
Record<size> read_record(std::string_view line, std::string_view where) {
  Record<size> record;
  static_assert(sizeof record == 2 + sizeof(KeyId) + size);
  decode_base64(line, {reinterpret_cast<uint8_t*>(&record), sizeof record}, where);
  return record;
}

template <size_t size>
std::string write_record(const Record<size>& record) {
  return encode_base64({reinterpret_cast<const uint8_t*>(&record), sizeof record});
}

std::string line_of(std::string_view name, int number) { return fmt::format("{}: line {}", name, number); }

[[noreturn]] void refuse_algorithm(std::string_view kind, std::string_view name) {
  if (kind == "Ed") {
    throw Error(Fault::trust,
                fmt::format("{}: is a legacy signature ('Ed', over the file instead of its hash), "
                            "which is not accepted",
                            printable(name)),
                "sign again without minisign's option -l (old versions of minisign need -H)");
  }
  throw Error(Fault::trust,
              fmt::format("{}: is signed by the unknown algorithm '{}'; only minisign's 'ED' is "
                          "accepted",
                          printable(name), printable(kind)));
}

bool is_signed_by(const PublicKey& key, const std::array<uint8_t, 64>& signature, std::string_view message) {
  return crypto_sign_ed25519_verify_detached(signature.data(),
                                             reinterpret_cast<const unsigned char*>(message.data()),
                                             message.size(), key.key.data()) == 0;
}

}  // namespace

std::string KeyId::text() const {
  const std::array<uint8_t, 8> reversed{bytes[7], bytes[6], bytes[5], bytes[4],
                                        bytes[3], bytes[2], bytes[1], bytes[0]};
  std::string text;
  for (const uint8_t byte : reversed) text += fmt::format("{:02X}", byte);
  return text;
}

KeyId KeyId::parse(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto decoded = base::from_hex(lower);
  KeyId id;
  if (decoded && decoded->size() == id.bytes.size()) {
    std::copy(decoded->rbegin(), decoded->rend(), id.bytes.begin());
    if (id.text() == text) return id;
  }
  throw Error(Fault::input, fmt::format("'{}' is not a key id: sixteen digits 0-9 and A-F", printable(text)),
              "minisign prints a key id without its leading zeros: add them");
}

struct MessageHash::State {
  crypto_generichash_state hash;
};

MessageHash::MessageHash() : state_(std::make_unique<State>()) {
  start_sodium();
  crypto_generichash_init(&state_->hash, nullptr, 0, 64);
}

MessageHash::MessageHash(MessageHash&&) noexcept = default;
MessageHash::~MessageHash() = default;

void MessageHash::update(std::string_view bytes) {
  crypto_generichash_update(&state_->hash, reinterpret_cast<const unsigned char*>(bytes.data()),
                            bytes.size());
}

std::array<uint8_t, 64> MessageHash::finish() {
  std::array<uint8_t, 64> hash{};
  crypto_generichash_final(&state_->hash, hash.data(), hash.size());
  return hash;
}

std::array<uint8_t, 64> message_hash(std::string_view message) {
  MessageHash hash;
  hash.update(message);
  return hash.finish();
}

PublicKey parse_public_key(std::string_view file, std::string_view name) {
  const auto lines = split_lines(file, 2, name);
  if (has_encoded_length(lines[1], secret_record_size)) {
    throw Error(Fault::trust, fmt::format("{}: is a secret key, not a public one", printable(name)),
                "give its .pub, and do not leave the secret one on a node");
  }
  const auto record = read_record<32>(lines[1], line_of(name, 2));
  if (record.kind() != "Ed") {
    throw Error(Fault::trust, fmt::format("{}: is not a public key of minisign: begins with '{}', "
                                          "not 'Ed'",
                                          printable(name), printable(record.kind())));
  }
  return {.id = record.id, .key = record.payload};
}

std::string format_public_key(const PublicKey& key) {
  const Record<32> record{.algorithm = {'E', 'd'}, .id = key.id, .payload = key.key};
  return untrusted_line("minisign public key " + key.id.text()) + write_record(record) + "\n";
}

Signature parse_signature(std::string_view file, std::string_view name) {
  const auto lines = split_lines(file, 4, name);
  const auto record = read_record<64>(lines[1], line_of(name, 2));
  if (record.kind() != "ED") refuse_algorithm(record.kind(), name);
  if (!lines[2].starts_with(trusted_prefix)) {
    throw Error(Fault::trust,
                fmt::format("{}: line 3 must begin with '{}'", printable(name), trusted_prefix));
  }
  const std::string_view comment = lines[2].substr(trusted_prefix.size());
  if (!is_trusted_comment(comment)) {
    throw Error(Fault::trust, fmt::format("{}: line 3 is not a trusted comment of printable text "
                                          "in at most {} bytes",
                                          printable(name), longest_trusted_line));
  }
  Signature signature{.key = record.id,
                      .signature = record.payload,
                      .trusted_comment = std::string(comment),
                      .global_signature = {}};
  decode_base64(lines[3], signature.global_signature, line_of(name, 4));
  return signature;
}

std::string format_signature(const Signature& signature, std::string_view untrusted_comment) {
  const Record<64> record{.algorithm = {'E', 'D'}, .id = signature.key, .payload = signature.signature};
  return fmt::format("{}{}\n{}{}\n{}\n", untrusted_line(untrusted_comment), write_record(record),
                     trusted_prefix, signature.trusted_comment, encode_base64(signature.global_signature));
}

bool verifies(const PublicKey& key, const std::array<uint8_t, 64>& hash, const Signature& signature) {
  start_sodium();
  const std::string_view hashed(reinterpret_cast<const char*>(hash.data()), hash.size());
  return key.id == signature.key && is_signed_by(key, signature.signature, hashed) &&
         is_signed_by(key, signature.global_signature, globally_signed(signature));
}

}  // namespace bakehouse::crypto
