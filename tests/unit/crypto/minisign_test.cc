#include "crypto/minisign.hh"

#include "base/error.hh"
#include "fixtures.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

namespace minisign_test {

using namespace bakehouse;
using base::Error;
using base::Fault;
using support::Mentions;

namespace {

// The message of the Error(trust) that `work` throws, or nothing when it throws none.
template <typename Work>
std::optional<std::string> refusal(Work work) {
  try {
    work();
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::trust);
    return error.what();
  }
  return std::nullopt;
}

std::string with(std::string text, const std::string& old, const std::string& fresh) {
  const size_t at = text.find(old);
  REQUIRE(at != text.npos);
  return text.replace(at, old.size(), fresh);
}

std::string with_crlf(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '\n' ? "\r\n" : std::string(1, c);
  return result;
}

std::string without_last(const std::string& text) { return text.substr(0, text.size() - 1); }

crypto::PublicKey key() { return crypto::parse_public_key(fixtures::plain_public, "shop.pub"); }

bool accepted(const std::string& signature_file) {
  try {
    const auto signature = crypto::parse_signature(signature_file, "x.minisig");
    return crypto::verifies(key(), crypto::message_hash(fixtures::message), signature);
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::trust);
    return false;
  }
}

}  // namespace

TEST_CASE("a key id is written as minisign prints it, with its leading zeros") {
  CHECK(key().id.text() == "B36ECE0D1B0256DC");
  CHECK(crypto::KeyId::parse("B36ECE0D1B0256DC") == key().id);
  CHECK(crypto::KeyId{{1}}.text() == "0000000000000001");
  for (const char* text : {"", "36ECE0D1B0256DC", "B36ECE0D1B0256DC0", "b36ece0d1b0256dc", "B36ECE0D1B0256DG",
                           " 36ECE0D1B0256DC", "0xB36ECE0D1B0256"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(crypto::KeyId::parse(text), Error);
  }
}

TEST_CASE("a public key of minisign is read, and written as minisign writes it") {
  CHECK(crypto::format_public_key(key()) == fixtures::plain_public);
}

TEST_CASE("a signature of minisign is read, verified, and written as minisign writes it") {
  const auto signature = crypto::parse_signature(fixtures::signature, "x.minisig");
  CHECK(signature.key == key().id);
  CHECK(signature.trusted_comment == fixtures::comment);
  CHECK(accepted(fixtures::signature));
  CHECK(crypto::format_signature(signature, "signature from minisign secret key") == fixtures::signature);
}

TEST_CASE("line ends are read as minisign reads them") {
  CHECK(accepted(with_crlf(fixtures::signature)));
  CHECK(accepted(without_last(fixtures::signature)));
  CHECK(crypto::parse_public_key(with_crlf(fixtures::plain_public), "x") == key());
  CHECK(crypto::parse_public_key(without_last(fixtures::plain_public), "x") == key());
}

TEST_CASE("a hash is the same however the bytes arrive") {
  const std::string message(70000, 'm');
  const auto whole = crypto::message_hash(message);
  for (const size_t piece : {1, 127, 128, 129, 69999}) {
    CAPTURE(piece);
    crypto::MessageHash sum;
    for (size_t at = 0; at < message.size(); at += piece) {
      sum.update(std::string_view(message).substr(at, piece));
    }
    crypto::MessageHash moved = std::move(sum);
    CHECK(moved.finish() == whole);
  }
}

TEST_CASE("any byte changed outside the untrusted comment makes a signature file refused") {
  const std::string& file = fixtures::signature;
  const size_t free_from = std::string("untrusted comment: ").size();
  const size_t free_to = file.find('\n');
  // 0x07 turns LF into CR, 0x20 changes the case of a digit, 0xFF makes no text of it.
  for (const int mask : {0x01, 0x04, 0x07, 0x20, 0x80, 0xFF}) {
    for (size_t at = 0; at < file.size(); ++at) {
      std::string changed = file;
      changed[at] = static_cast<char>(changed[at] ^ mask);
      const bool is_free = at >= free_from && at < free_to;
      if (accepted(changed) != is_free) FAIL_CHECK("byte " << at << ", mask " << mask);
    }
  }
}

TEST_CASE("no two texts give the same key") {
  const std::string& file = fixtures::plain_public;
  for (size_t at = file.find('\n') + 1; at + 1 < file.size(); ++at) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = file;
      changed[at] = static_cast<char>(byte);
      if (changed == file) continue;
      try {
        if (crypto::parse_public_key(changed, "x") == key()) FAIL_CHECK(at << ": " << byte);
      } catch (const Error&) {  // NOLINT(bugprone-empty-catch): refused is as good
      }
    }
  }
}

TEST_CASE("every prefix of a signature file but the one without line end is refused") {
  for (size_t size = 0; size + 1 < fixtures::signature.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(accepted(fixtures::signature.substr(0, size)));
  }
}

TEST_CASE("malformed signature files are refused with the reason") {
  const std::string& good = fixtures::signature;
  const std::string trusted = "trusted comment: shop 1.0";
  struct Row {
    std::string file;
    std::string reason;
  };
  const Row rows[] = {
      {"", "exactly 4 lines"},
      {fixtures::legacy_signature, "legacy signature"},
      {with(good, "RUTc", "RVTc"), "unknown algorithm 'ET'"},
      {good + "\n", "exactly 4 lines"},
      {good + "extra", "exactly 4 lines"},
      {good + good, "exactly 4 lines"},
      {"\n" + good, "exactly 4 lines"},
      {without_last(good) + "\r", "line 4: not the base64 of 64 bytes"},
      {without_last(good) + std::string("\0\n", 2), "line 4: not the base64 of 64 bytes"},
      {with(good, "untrusted comment: ", "Untrusted comment: "), "line 1 must be"},
      {with(good, "untrusted comment: signature", "untrusted comment: " + std::string(1100, 'u')),
       "at most 1022 bytes"},
      {with(good, "gQs=", "gQs"), "line 2: not the base64 of 74 bytes"},
      {with(good, "gQs=", "gQt="), "line 2: not the base64 of 74 bytes"},
      {with(good, "gQs=", "gQs= "), "line 2: not the base64 of 74 bytes"},
      {with(good, "gQs=", "gQsAgQs="), "line 2: not the base64 of 74 bytes"},
      {with(good, "RUTc", " RUTc"), "line 2: not the base64 of 74 bytes"},
      {with(good, "/RvR", "_RvR"), "line 2: not the base64 of 74 bytes"},
      {with(good, trusted, "Trusted comment: shop 1.0"), "line 3 must begin with"},
      {with(good, trusted, "trusted comment:"), "line 3 must begin with"},
      {with(good, trusted, trusted + "\x1b[2J"), "printable"},
      {with(good, trusted, trusted + "\r\r"), "printable"},
      {with(good, trusted, trusted + std::string(1, '\0')), "printable"},
      {with(good, trusted, trusted + "\xe9"), "printable"},
      {with(good, trusted, trusted + std::string(8190, 'c')), "at most 8190 bytes"},
      {with(good, "DA==", "DB=="), "line 4: not the base64 of 64 bytes"},
      {with(good, "DA==",
            "DA=="
            "DA=="),
       "line 4: not the base64 of 64 bytes"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.file);
    const auto reason = refusal([&] { crypto::parse_signature(row.file, "releases/x.minisig"); });
    REQUIRE(reason.has_value());
    CHECK(*reason == Mentions{row.reason});
    CHECK(*reason == Mentions{"releases/x.minisig"});
  }
}

TEST_CASE("the refusal of a legacy signature says what to do") {
  try {
    crypto::parse_signature(fixtures::legacy_signature, "x.minisig");
    FAIL("was accepted");
  } catch (const Error& error) {
    CHECK(error.hint() == Mentions{"-l"});
  }
}

TEST_CASE("a foreign name cannot forge a line of a message") {
  const auto reason = refusal([] { crypto::parse_signature("", "x\nOK"); });
  CHECK(reason->find('\n') == std::string::npos);
}

TEST_CASE("well-formed signatures that do not belong are not verified") {
  const auto hash = crypto::message_hash(fixtures::message);
  const auto good = crypto::parse_signature(fixtures::signature, "x.minisig");
  REQUIRE(crypto::verifies(key(), hash, good));

  SUBCASE("another message") { CHECK_FALSE(crypto::verifies(key(), crypto::message_hash("another"), good)); }
  SUBCASE("a swapped trusted comment") {
    auto forged = good;
    forged.trusted_comment = "shop 1.1";
    CHECK_FALSE(crypto::verifies(key(), hash, forged));
  }
  SUBCASE("a legacy signature relabelled") {
    const auto relabelled = with(fixtures::legacy_signature, "RWTc", "RUTc");
    CHECK_FALSE(crypto::verifies(key(), hash, crypto::parse_signature(relabelled, "x.minisig")));
  }
  SUBCASE("another key with the same id") {
    auto other = crypto::parse_public_key(fixtures::encrypted_public, "x.pub");
    other.id = key().id;
    CHECK_FALSE(crypto::verifies(other, hash, good));
  }
  SUBCASE("the right key under another id") {
    auto other = key();
    other.id.bytes[0] ^= 1;
    CHECK_FALSE(crypto::verifies(other, hash, good));
  }
  SUBCASE("a key that anything would verify with") {
    for (const int first : {0, 1}) {  // points of small order
      crypto::PublicKey weak{.id = good.key, .key = {}};
      weak.key[0] = static_cast<uint8_t>(first);
      crypto::Signature nothing = good;
      nothing.signature = {};
      nothing.signature[0] = 1;
      nothing.global_signature = nothing.signature;
      CHECK_FALSE(crypto::verifies(weak, hash, nothing));
    }
  }
}

TEST_CASE("malformed public keys are refused with the reason") {
  const std::string& good = fixtures::plain_public;
  struct Row {
    std::string file;
    std::string reason;
  };
  const Row rows[] = {
      {"", "exactly 2 lines"},
      {good + "\n", "exactly 2 lines"},
      {good.substr(good.find('\n') + 1), "exactly 2 lines"},
      {fixtures::signature, "exactly 2 lines"},
      {fixtures::plain_secret, "is a secret key"},
      {with(good, "RWTc", "RUTc"), "begins with 'ED'"},
      {with(good, "w5NT", "w5N"), "not the base64 of 42 bytes"},
      {with(good, "w5NT", "w5NTAA=="), "not the base64 of 42 bytes"},
      {with(good, "untrusted comment: ", "ssh-ed25519 "), "line 1 must be"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.file);
    const auto reason = refusal([&] { crypto::parse_public_key(row.file, "trust/shop.pub"); });
    REQUIRE(reason.has_value());
    CHECK(*reason == Mentions{row.reason});
    CHECK(*reason == Mentions{"trust/shop.pub"});
  }
}

TEST_CASE("an untrusted comment is made to fit one line") {
  const auto signature = crypto::parse_signature(fixtures::signature, "x.minisig");
  for (const std::string& comment :
       {std::string("two\nlines"), std::string("tab\tand \x1b"), std::string(5000, 'x'), std::string()}) {
    CAPTURE(comment);
    CHECK(accepted(crypto::format_signature(signature, comment)));
  }
}

}  // namespace minisign_test
