#include "crypto/secret_key.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "crypto/minisign_format.hh"
#include "crypto/secret_material.hh"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <functional>
#include <span>
#include <string_view>

namespace bakehouse::crypto {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using base::printable;

// What minisign itself uses; nobody needs more, and a hostile file shall not ask for it.
constexpr uint64_t most_operations = crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE;
constexpr uint64_t most_memory = crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_SENSITIVE;
constexpr uint64_t least_operations = crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_MIN;
constexpr uint64_t least_memory = crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_MIN;
// minisign reads a line into 1024 bytes, its end included, and cuts it at the first CR.
constexpr size_t longest_passphrase = 1022;

// Line 2 of the file, byte for byte. Numbers are little-endian.
struct SecretRecord : Guarded {
  struct Body {  // XORed with the output of scrypt when the key is encrypted
    KeyId id;
    std::array<uint8_t, 64> key{};
    std::array<uint8_t, 32> checksum{};
  };
  std::array<char, 2> algorithm{'E', 'd'};
  std::array<char, 2> encryption{};
  std::array<char, 2> checksum_method{'B', '2'};
  std::array<uint8_t, 32> salt{};
  std::array<uint8_t, 8> operations{};
  std::array<uint8_t, 8> memory{};
  Body body;
};
static_assert(sizeof(SecretRecord) == secret_record_size && sizeof(SecretRecord::Body) == 104);

using SecretRecordPtr = std::unique_ptr<SecretRecord>;

std::span<uint8_t> bytes_of(SecretRecord& record) {
  return {reinterpret_cast<uint8_t*>(&record), secret_record_size};
}

std::string_view text_of(const std::array<char, 2>& letters) { return {letters.data(), letters.size()}; }

uint64_t load_number(const std::array<uint8_t, 8>& bytes) {
  uint64_t number = 0;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) number = number << 8 | *byte;
  return number;
}

std::array<uint8_t, 8> store_number(uint64_t number) {
  std::array<uint8_t, 8> bytes{};
  for (uint8_t& byte : bytes) {
    byte = static_cast<uint8_t>(number & 0xFF);
    number >>= 8;
  }
  return bytes;
}

std::array<uint8_t, 32> checksum(const SecretRecord& record) {
  std::array<uint8_t, 32> sum{};
  crypto_generichash_state state;
  const auto add = [&](const void* data, size_t size) {
    crypto_generichash_update(&state, static_cast<const unsigned char*>(data), size);
  };
  crypto_generichash_init(&state, nullptr, 0, sum.size());
  add(record.algorithm.data(), record.algorithm.size());
  add(record.body.id.bytes.data(), record.body.id.bytes.size());
  add(record.body.key.data(), record.body.key.size());
  crypto_generichash_final(&state, sum.data(), sum.size());
  sodium_memzero(&state, sizeof state);  // its buffer held the key
  return sum;
}

bool has_checksum(const SecretRecord& record) {
  const auto sum = checksum(record);
  return sodium_memcmp(sum.data(), record.body.checksum.data(), sum.size()) == 0;
}

bool lacks_checksum(const SecretRecord& record) {
  return sodium_is_zero(record.body.checksum.data(), record.body.checksum.size()) == 1;
}

// The public half must follow from the seed: signing with another one would give the seed away.
bool halves_match(const std::array<uint8_t, 64>& key) {
  struct Pair : Guarded {
    std::array<uint8_t, 32> public_half{};
    std::array<uint8_t, 64> whole{};
  };
  const auto pair = std::make_unique<Pair>();
  crypto_sign_ed25519_seed_keypair(pair->public_half.data(), pair->whole.data(), key.data());
  return sodium_memcmp(pair->whole.data(), key.data(), key.size()) == 0;
}

// Encrypts and decrypts.
void apply_stream(SecretRecord& record, const Secret& passphrase) {
  struct Stream : Guarded {
    std::array<uint8_t, sizeof(SecretRecord::Body)> bytes{};
  };
  const auto stream = std::make_unique<Stream>();
  const uint64_t memory = load_number(record.memory);
  if (crypto_pwhash_scryptsalsa208sha256(stream->bytes.data(), stream->bytes.size(), passphrase.text().data(),
                                         passphrase.text().size(), record.salt.data(),
                                         load_number(record.operations), static_cast<size_t>(memory)) != 0) {
    throw Error(Fault::internal, fmt::format("not enough memory for the pass phrase: scrypt needs {} MiB",
                                             memory / (1024 * 1024)));
  }
  auto* const body = reinterpret_cast<uint8_t*>(&record.body);
  std::transform(stream->bytes.begin(), stream->bytes.end(), body, body, std::bit_xor<>());
}

void refuse_public_key(std::string_view line, const std::string& name) {
  if (!has_encoded_length(line, public_record_size)) return;
  throw Error(Fault::trust, fmt::format("{}: is a public key, not a secret one", printable(name)),
              "give the secret key that it belongs to");
}

void refuse_open_to_others(const base::Fd& fd, const fs::path& path) {
  if ((base::stat_of(fd, path.native()).mode & 077) == 0) return;
  const std::string name = printable(path.native());
  throw Error(Fault::trust, fmt::format("the secret key '{}' is open to others than its owner", name),
              fmt::format("chmod 600 {}", name));
}

SecretRecordPtr read_record(const base::Fd& fd, const fs::path& path) {
  const std::string& name = path.native();
  struct Text : Guarded {
    std::array<char, 4096> bytes{};
  };
  const auto text = std::make_unique<Text>();
  size_t size = 0;
  while (const size_t count = base::read_some(fd, std::span(text->bytes).subspan(size), name)) {
    size += count;
  }
  const auto lines = split_lines({text->bytes.data(), size}, 2, name);
  refuse_public_key(lines[1], name);  // which may be open to all
  refuse_open_to_others(fd, path);
  auto record = std::make_unique<SecretRecord>();
  decode_base64(lines[1], bytes_of(*record), name + ": line 2");
  if (text_of(record->algorithm) != "Ed" || text_of(record->checksum_method) != "B2") {
    throw Error(Fault::trust, fmt::format("{}: is not a secret key of minisign", printable(name)));
  }
  return record;
}

void check_limits(const SecretRecord& record, const std::string& name) {
  const uint64_t operations = load_number(record.operations);
  const uint64_t memory = load_number(record.memory);
  if (operations >= least_operations && operations <= most_operations && memory >= least_memory &&
      memory <= most_memory) {
    return;
  }
  throw Error(Fault::trust,
              fmt::format("{}: asks scrypt for {} operations and {} bytes of memory, outside what "
                          "minisign uses ({} to {}, {} to {})",
                          printable(name), operations, memory, least_operations, most_operations,
                          least_memory, most_memory));
}

void decrypt(SecretRecord& record, const AskPassphrase& ask, const fs::path& path) {
  const std::string& name = path.native();
  check_limits(record, name);
  if (!ask) {
    throw Error(Fault::input, fmt::format("{}: is encrypted, and there is no pass phrase", printable(name)));
  }
  apply_stream(record, ask(path));
  if (!has_checksum(record)) {
    throw Error(Fault::trust, fmt::format("{}: wrong pass phrase", printable(name)));
  }
}

// `minisign -G -W` writes no checksum into a key that is not encrypted, `minisign -C -W` does.
bool is_intact(const SecretRecord& record) {
  return (has_checksum(record) || lacks_checksum(record)) && halves_match(record.body.key);
}

void open_body(SecretRecord& record, const AskPassphrase& ask, const fs::path& path) {
  const std::string& name = path.native();
  if (text_of(record.encryption) == "Sc") {
    decrypt(record, ask, path);
  } else if (text_of(record.encryption) != std::string_view("\0\0", 2)) {
    throw Error(Fault::trust, fmt::format("{}: is encrypted by '{}'; only scrypt ('Sc') is known",
                                          printable(name), printable(text_of(record.encryption))));
  }
  if (!is_intact(record)) {
    throw Error(Fault::trust,
                fmt::format("{}: is damaged: its parts do not belong together", printable(name)));
  }
}

SecretRecordPtr make_record(const KeyId& id, const std::array<uint8_t, 64>& key) {
  auto record = std::make_unique<SecretRecord>();
  record->body.id = id;
  record->body.key = key;
  record->body.checksum = checksum(*record);
  return record;
}

Secret write_record(SecretRecord& record, std::string_view kind, const KeyId& id) {
  const std::string comment = untrusted_line(fmt::format("bakehouse {} key {}", kind, id.text()));
  // The NUL of the base64 gives its place to the line end.
  Secret file = Secret::with_room(comment.size() + encoded_size(secret_record_size) + 1);
  file.append(comment);
  file.extend(encode_base64(bytes_of(record), file.room()));
  file.append("\n");
  return file;
}

void check_passphrase(std::string_view text) {
  if (text.empty()) {
    throw Error(Fault::input, "an empty pass phrase protects nothing",
                "give one, or make a key without a password");
  }
  if (text.size() > longest_passphrase || text.find_first_of({"\r\n\0", 3}) != text.npos) {
    throw Error(Fault::input, fmt::format("minisign could not read this pass phrase: it must be one "
                                          "line of at most {} bytes",
                                          longest_passphrase));
  }
}

}  // namespace

SecretKey::SecretKey(std::unique_ptr<Material> material) : material_(std::move(material)) {}
SecretKey::SecretKey(SecretKey&&) noexcept = default;
SecretKey& SecretKey::operator=(SecretKey&&) noexcept = default;
SecretKey::~SecretKey() = default;

SecretKey SecretKey::generate() {
  auto material = std::make_unique<Material>();
  PublicKey ignored;
  crypto_sign_ed25519_keypair(ignored.key.data(), material->key.data());
  randombytes_buf(material->id.bytes.data(), material->id.bytes.size());
  return SecretKey(std::move(material));
}

SecretKey SecretKey::read(const fs::path& path, const AskPassphrase& ask) {
  const base::Fd fd = base::open_for_reading(path);
  const SecretRecordPtr record = read_record(fd, path);
  open_body(*record, ask, path);
  auto material = std::make_unique<Material>();
  material->id = record->body.id;
  material->key = record->body.key;
  return SecretKey(std::move(material));
}

PublicKey SecretKey::public_key() const {
  PublicKey key{.id = material_->id, .key = {}};
  std::copy(material_->key.begin() + 32, material_->key.end(), key.key.begin());
  return key;
}

Secret SecretKey::format() const {
  return write_record(*make_record(material_->id, material_->key), "secret", material_->id);
}

Secret SecretKey::format_encrypted(const Secret& passphrase) const {
  check_passphrase(passphrase.text());
  const SecretRecordPtr record = make_record(material_->id, material_->key);
  record->encryption = {'S', 'c'};
  record->operations = store_number(most_operations);
  record->memory = store_number(most_memory);
  randombytes_buf(record->salt.data(), record->salt.size());
  apply_stream(*record, passphrase);
  return write_record(*record, "encrypted secret", material_->id);
}

}  // namespace bakehouse::crypto
