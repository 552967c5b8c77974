#include "crypto/secret_key.hh"

#include "base/error.hh"
#include "base/files.hh"
#include "crypto/minisign_format.hh"
#include "fixtures.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>

#include <sys/stat.h>

namespace secret_key_test {

using namespace bakehouse;
using base::Error;
using base::Fault;
using crypto::Secret;
using crypto::SecretKey;
using support::Mentions;

namespace {

Secret not_asked(const std::filesystem::path&) {
  FAIL_CHECK("asked for a pass phrase");
  return Secret("");
}

crypto::AskPassphrase answer(const std::string& text) {
  return [text](const std::filesystem::path&) { return Secret(text); };
}

class KeyFile {
 public:
  explicit KeyFile(const std::string& content, mode_t mode = 0600) {
    base::write_file(path(), content, mode);
  }
  std::filesystem::path path() const { return dir_.path() / "shop.key"; }

 private:
  base::TempDir dir_;
};

SecretKey read(const std::string& content, const crypto::AskPassphrase& ask) {
  return SecretKey::read(KeyFile(content).path(), ask);
}

Error refusal(const std::string& content, const crypto::AskPassphrase& ask) {
  try {
    read(content, ask);
  } catch (const Error& error) {
    return error;
  }
  FAIL("was accepted");
  return Error(Fault::internal, "");
}

constexpr size_t algorithm_at = 0;
constexpr size_t encryption_at = 2;
constexpr size_t checksum_method_at = 4;
constexpr size_t salt_at = 6;
constexpr size_t operations_at = 38;
constexpr size_t memory_at = 46;
constexpr size_t body_at = 54;
constexpr size_t seed_at = 62;
constexpr size_t record_size = 158;

std::array<uint8_t, record_size> record_of(const std::string& file) {
  std::array<uint8_t, record_size> record{};
  const size_t start = file.find('\n') + 1;
  crypto::decode_base64(std::string_view(file).substr(start, file.size() - start - 1), record, "test");
  return record;
}

std::string file_of(const std::array<uint8_t, record_size>& record) {
  return "untrusted comment: x\n" + crypto::encode_base64(record) + "\n";
}

std::string with_bytes(const std::string& file, size_t at, const std::string& bytes) {
  auto record = record_of(file);
  std::copy(bytes.begin(), bytes.end(), record.begin() + static_cast<ptrdiff_t>(at));
  return file_of(record);
}

std::string flipped(const std::string& file, size_t at) {
  auto record = record_of(file);
  record[at] ^= 0x10;
  return file_of(record);
}

bool is_refused(const std::string& file, const crypto::AskPassphrase& ask) {
  try {
    read(file, ask);
    return false;
  } catch (const Error& error) {
    return error.fault() == Fault::trust;
  }
}

crypto::PublicKey public_key(const std::string& file) { return crypto::parse_public_key(file, "x.pub"); }

bool sign_and_verify(const SecretKey& key, const crypto::PublicKey& with) {
  const auto hash = crypto::message_hash(fixtures::message);
  return crypto::verifies(with, hash, key.sign(hash, fixtures::comment));
}

}  // namespace

TEST_CASE("secret keys of minisign are read") {
  SUBCASE("not encrypted, without a checksum") {
    const SecretKey key = read(fixtures::plain_secret, not_asked);
    CHECK(key.public_key() == public_key(fixtures::plain_public));
  }
  SUBCASE("no longer encrypted, with a checksum") {
    const SecretKey key = read(fixtures::decrypted_secret, not_asked);
    CHECK(key.public_key() == public_key(fixtures::encrypted_public));
  }
  SUBCASE("encrypted") {
    const SecretKey key = read(fixtures::encrypted_secret, answer("hunter2"));
    CHECK(key.public_key() == public_key(fixtures::encrypted_public));
    CHECK(sign_and_verify(key, public_key(fixtures::encrypted_public)));
  }
}

TEST_CASE("a key signs as minisign does: the same key and message give the same signature") {
  const SecretKey key = read(fixtures::plain_secret, not_asked);
  const auto signature = key.sign(crypto::message_hash(fixtures::message), fixtures::comment);
  CHECK(crypto::format_signature(signature, "signature from minisign secret key") == fixtures::signature);
}

TEST_CASE("a generated key survives its own file") {
  const SecretKey key = SecretKey::generate();
  const SecretKey again = read(std::string(key.format().text()), not_asked);
  CHECK(again.public_key() == key.public_key());
  CHECK(sign_and_verify(again, key.public_key()));
}

TEST_CASE("a generated key survives encryption") {
  const SecretKey key = SecretKey::generate();
  const Secret file = key.format_encrypted(Secret("correct horse"));
  const SecretKey again = read(std::string(file.text()), answer("correct horse"));
  CHECK(again.public_key() == key.public_key());
  CHECK(sign_and_verify(again, key.public_key()));
}

TEST_CASE("no two generated keys share id or key") {
  std::set<crypto::KeyId> ids;
  std::set<std::array<uint8_t, 32>> keys;
  for (int i = 0; i < 50; ++i) {
    const auto key = SecretKey::generate().public_key();
    ids.insert(key.id);
    keys.insert(key.key);
  }
  CHECK(ids.size() == 50);
  CHECK(keys.size() == 50);
}

TEST_CASE("another pass phrase is told from a damaged file") {
  CHECK(read(fixtures::cheap_secret, answer("hunter2")).public_key() == public_key(fixtures::plain_public));
  for (const char* passphrase : {"hunter3", "", "hunter2\n"}) {
    CAPTURE(passphrase);
    const Error error = refusal(fixtures::cheap_secret, answer(passphrase));
    CHECK(error.fault() == Fault::trust);
    CHECK(std::string(error.what()) == Mentions{"wrong pass phrase"});
  }
}

TEST_CASE("a pass phrase is asked for by the name of the key's file") {
  const KeyFile file(fixtures::cheap_secret);
  std::filesystem::path asked;
  SecretKey::read(file.path(), [&](const std::filesystem::path& key) {
    asked = key;
    return Secret("hunter2");
  });
  CHECK(asked == file.path());
}

TEST_CASE("an encrypted key that nobody is asked about is refused") {
  const Error error = refusal(fixtures::cheap_secret, nullptr);
  CHECK(std::string(error.what()) == Mentions{"is encrypted"});
}

TEST_CASE("a key that others may read or write is refused with the command that mends it") {
  for (const mode_t mode : {0640, 0604, 0644, 0620, 0602, 0610, 0777}) {
    CAPTURE(mode);
    const KeyFile file(fixtures::plain_secret, mode);
    try {
      SecretKey::read(file.path(), not_asked);
      FAIL_CHECK("was accepted");
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::trust);
      CHECK(error.hint() == "chmod 600 " + file.path().native());
    }
  }
  const KeyFile owner_only(fixtures::plain_secret, 0400);
  CHECK(SecretKey::read(owner_only.path(), not_asked).public_key() == public_key(fixtures::plain_public));
}

TEST_CASE("a public key in the place of the secret one is called that, whatever its mode") {
  const KeyFile file(fixtures::plain_public, 0644);
  CHECK_THROWS_WITH_AS(SecretKey::read(file.path(), not_asked),
                       (file.path().native() + ": is a public key, not a secret one").c_str(), Error);
}

TEST_CASE("malformed and hostile secret keys are refused before a pass phrase is asked for") {
  const std::string& plain = fixtures::plain_secret;
  const std::string& cheap = fixtures::cheap_secret;
  const std::string asks_too_much = "outside what minisign uses";
  struct Row {
    std::string file;
    std::string reason;
  };
  const Row rows[] = {
      {"", "exactly 2 lines"},
      {plain + "\n", "exactly 2 lines"},
      {std::string(100000, 'x'), "exactly 2 lines"},
      {plain + std::string(100000, 'x'), "exactly 2 lines"},
      {fixtures::plain_public, "is a public key"},
      {with_bytes(plain, algorithm_at, "ED"), "not a secret key of minisign"},
      {with_bytes(plain, checksum_method_at, "B3"), "not a secret key of minisign"},
      {with_bytes(plain, encryption_at, "XX"), "encrypted by 'XX'"},
      {with_bytes(cheap, operations_at + 3, "\x03"), asks_too_much},  // over 2^25
      {with_bytes(cheap, operations_at + 7, "\xff"), asks_too_much},
      {with_bytes(cheap, operations_at + 1, std::string(1, '\0')), asks_too_much},
      {with_bytes(cheap, memory_at, std::string("\x01\0\0\x40", 4)), asks_too_much},  // a byte over 1 GiB
      {with_bytes(cheap, memory_at + 7, "\x01"), asks_too_much},
      {with_bytes(cheap, memory_at + 3, std::string(1, '\0')), asks_too_much},
  };
  for (const Row& row : rows) {
    CAPTURE(row.file.substr(0, 400));
    const Error error = refusal(row.file, not_asked);
    CHECK(error.fault() == Fault::trust);
    CHECK(std::string(error.what()) == Mentions{row.reason});
  }
}

TEST_CASE("any byte changed in a key that has a checksum is noticed") {
  for (size_t at = 0; at < record_size; ++at) {
    // Salt and limits mean nothing when there is no pass phrase.
    if (at >= salt_at && at < body_at) continue;
    if (!is_refused(flipped(fixtures::decrypted_secret, at), not_asked)) FAIL_CHECK("byte " << at);
  }
}

TEST_CASE("any byte changed in the two halves of a key without checksum is noticed") {
  for (size_t at = seed_at; at < record_size; ++at) {
    if (!is_refused(flipped(fixtures::plain_secret, at), not_asked)) FAIL_CHECK("byte " << at);
  }
}

TEST_CASE("any byte changed in an encrypted key is noticed") {
  for (size_t at = 0; at < record_size; ++at) {
    // Rounding makes neighbouring limits mean the same.
    if (at >= operations_at && at < body_at) continue;
    if (!is_refused(flipped(fixtures::cheap_secret, at), answer("hunter2"))) {
      FAIL_CHECK("byte " << at);
    }
  }
}

TEST_CASE("a pass phrase that minisign could not be given is refused") {
  const SecretKey key = SecretKey::generate();
  for (const std::string& text : {std::string(), std::string("two\nlines"), std::string("cr\r"),
                                  std::string("a\0b", 3), std::string(1023, 'p')}) {
    CAPTURE(text);
    CHECK_THROWS_AS(key.format_encrypted(Secret(text)), Error);
  }
}

TEST_CASE("a trusted comment that could not be read back is not signed") {
  const SecretKey key = SecretKey::generate();
  const auto hash = crypto::message_hash(fixtures::message);
  for (const std::string& comment : {std::string("two\nlines"), std::string("cr\r"), std::string("\x1b[2J"),
                                     std::string("\xe9"), std::string("a\0b", 3), std::string(8174, 'c')}) {
    CAPTURE(comment);
    CHECK_THROWS_AS(key.sign(hash, comment), Error);
  }
}

TEST_CASE("what is signed is read back and verifies") {
  const SecretKey key = SecretKey::generate();
  const auto hash = crypto::message_hash(fixtures::message);
  for (const std::string& comment :
       {std::string(), std::string("tab\tfile:m"), std::string("gr\u00fc\u00df"), std::string(8173, 'c')}) {
    CAPTURE(comment);
    const auto file = crypto::format_signature(key.sign(hash, comment), "a comment");
    const auto read_back = crypto::parse_signature(file, "x.minisig");
    CHECK(read_back.trusted_comment == comment);
    CHECK(crypto::verifies(key.public_key(), hash, read_back));
  }
}

TEST_CASE("a key goes where it is moved") {
  SecretKey key = SecretKey::generate();
  const auto public_half = key.public_key();
  SecretKey moved = std::move(key);
  CHECK(moved.public_key() == public_half);
  moved = SecretKey::generate();
  CHECK_FALSE(moved.public_key() == public_half);
}

}  // namespace secret_key_test
