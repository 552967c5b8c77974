#include "crypto/age.hh"

#include "base/error.hh"
#include "base/files.hh"
#include "crypto/age_header.hh"
#include "support/failure.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

#include <array>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

namespace age_test {

using namespace bakehouse;
using crypto::AgeForm;
using crypto::AgeIdentity;
using crypto::AgeRecipient;
using crypto::Secret;
using support::failure;
using support::Mentions;

namespace {

// Of `age-keygen` 1.1.1.
const std::string identity_text =
    "AGE-SECRET-KEY-"
    "17WZSSPX7XPZG42DJA93XF94YAAHDM46VMXMQJ7K6AVY72DCVNHPQU24XMY";
const std::string recipient_text = "age1kfn8q2am8f653eljy7w4mad03emdgdjelp5lstzaf258v8fpa47sj2m0cr";
// Of `age -a -r`: "a sealed word\n".
const std::string sealed_word =
    "-----BEGIN AGE ENCRYPTED FILE-----\n"
    "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBXd3JYWGdhS1N6Zm9iR0xF\n"
    "NnJaNVZPZUZlUCtob2NaRGhTNVp4R05XSHpnClprOUZmak9Ndk5wVXlnR3ZIRFNn\n"
    "eEJBaFViVDZtSWRUOWtUN050aVQ0SVUKLS0tIDFOYmRvbmUwcHpQK2ZpQnUxZVZN\n"
    "V1o2ZHRPMmlRK0FPYmxlWVZoN0J1YlkKCRlEmW7pKkc5okd7qvLlGaDtyrpFKHNL\n"
    "Juf/6xK3PWIupDgpz3ZrmLFL7prVGg==\n"
    "-----END AGE ENCRYPTED FILE-----\n";

std::vector<AgeIdentity> identities() {
  std::vector<AgeIdentity> list;
  list.push_back(AgeIdentity::parse(identity_text, "fixture"));
  return list;
}

std::string open(std::string_view sealed) {
  return std::string(crypto::open_age(sealed, identities(), "value").text());
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

std::string word() { return crypto::dearmor_age(sealed_word, "fixture"); }

// Header and content of files with the two kinds of recipient.
std::string by_phrase() { return crypto::seal_age("a word", Secret("phrase"), 1, AgeForm::binary); }
std::string open_phrase(std::string_view sealed, std::string_view phrase = "phrase") {
  return std::string(crypto::open_age(sealed, Secret(phrase), "value").text());
}

// The line that begins with `start`, without its end.
std::string line_of(const std::string& file, std::string_view start) {
  const size_t at = file.find(start);
  REQUIRE(at != std::string::npos);
  return file.substr(at, file.find('\n', at) - at);
}

}  // namespace

TEST_CASE("what age has sealed opens") { CHECK(open(sealed_word) == "a sealed word\n"); }

TEST_CASE("a recipient follows from its identity, and both are written as age writes them") {
  const AgeIdentity identity = AgeIdentity::parse(identity_text, "fixture");
  CHECK(identity.recipient().text() == recipient_text);
  CHECK(identity.text().text() == identity_text);
  CHECK(AgeRecipient::parse(recipient_text, "fixture") == identity.recipient());
}

TEST_CASE("what is sealed opens, whatever its size") {
  const std::vector<AgeRecipient> to{identities()[0].recipient(), AgeIdentity::generate().recipient()};
  for (const size_t size : {0, 1, 65535, 65536, 65537, 131072, 200000}) {
    CAPTURE(size);
    std::string content;
    for (size_t i = 0; i < size; ++i) content += static_cast<char>(i * 7 % 251);
    CHECK(open(crypto::seal_age(content, to, AgeForm::binary)) == content);
    CHECK(open(crypto::seal_age(content, to, AgeForm::armored)) == content);
  }
}

TEST_CASE("a pass phrase opens what it has sealed, and no other does") {
  CHECK(open_phrase(by_phrase()) == "a word");
  CHECK(failure([] { open_phrase(by_phrase(), "praise"); }) == Mentions{"trust: value: is sealed to others"});
  CHECK(failure([] { open(by_phrase()); }) == Mentions{"is sealed to others"});
  CHECK(failure([] { open_phrase(sealed_word); }) == Mentions{"is sealed to others"});
}

TEST_CASE("any byte of a sealed file that is changed, and any cut, is noticed") {
  const std::string sealed = word();
  for (size_t i = 0; i < sealed.size(); ++i) {
    CAPTURE(i);
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK(failure([&] { open(changed); }) != "no failure");
    CHECK(failure([&] { open(sealed.substr(0, i)); }) != "no failure");
  }
}

TEST_CASE("headers are read strictly") {
  const std::string sealed = word();
  const std::string stanza = line_of(sealed, "-> X25519 ");
  const std::string share = stanza.substr(10);
  const std::string body = sealed.substr(sealed.find(stanza) + stanza.size() + 1, 43);
  const std::string mac = line_of(sealed, "--- ");
  const std::string other = "-> X25519 " + crypto::encode_age_base64(std::string(32, '\0'));
  const std::vector<std::pair<std::string, std::string>> rows{
      {"", "does not begin with 'age-encryption.org/v1'"},
      {"age-encryption.org/v1", "the file ends within it"},
      {"hello\n", "does not begin with 'age-encryption.org/v1'"},
      {replaced(sealed, "v1\n", "v2\n"), "of another version"},
      {replaced(sealed, "v1\n", "v1\r\n"), "of another version"},
      {replaced(sealed, "v1\n", "v1\n\n"), "a line is neither"},
      {replaced(sealed, stanza + "\n" + body + "\n", ""), "it has no recipient"},
      {replaced(sealed, "-> X", "->X"), "a line is neither"},
      {replaced(sealed, "-> X", "->  X"), "single spaces"},
      {replaced(sealed, stanza, stanza + " "), "single spaces"},
      {replaced(sealed, stanza, stanza + "\r"), "single spaces"},
      {replaced(sealed, stanza, "-> \x7f"), "single spaces"},
      {replaced(sealed, stanza, "-> caf\xc3\xa9"), "single spaces"},
      {replaced(sealed, stanza, "-> X25519"), "not one share of 32 bytes"},
      {replaced(sealed, stanza, stanza + " more"), "not one share of 32 bytes"},
      {replaced(sealed, share, share + "="), "not one share of 32 bytes"},
      {replaced(sealed, share, share.substr(0, 42)), "not one share of 32 bytes"},
      {replaced(sealed, share, crypto::encode_age_base64(std::string(33, 'x'))), "not one share of 32 bytes"},
      {replaced(sealed, stanza, other), "give all secrets away"},
      {replaced(sealed, body, body + "="), "base64 in lines"},
      {replaced(sealed, body, body + "\r"), "base64 in lines"},
      {replaced(sealed, body, std::string(65, 'A')), "base64 in lines"},
      {replaced(sealed, body, std::string(64, 'A')), "base64 in lines"},
      {replaced(sealed, body, body.substr(0, 42) + "V"), "base64 in lines"},
      {replaced(sealed, body, crypto::encode_age_base64(std::string(33, 'x'))), "has not 16 bytes"},
      {replaced(sealed, body + "\n", ""), "base64 in lines"},
      {replaced(sealed, mac, "---"), "its last line"},
      {replaced(sealed, mac, "---" + mac.substr(4)), "its last line"},
      {replaced(sealed, mac, "---  " + mac.substr(4)), "its last line"},
      {replaced(sealed, mac, mac + " "), "its last line"},
      {replaced(sealed, mac, mac.substr(0, mac.size() - 1)), "its last line"},
      {replaced(sealed, mac, mac.substr(0, mac.size() - 1) + "Z"), "its last line"},
      {sealed.substr(0, sealed.find(mac) + mac.size() + 16), "the file ends within it"},
  };
  for (const auto& row : rows) {
    const std::string& file = row.first;
    const std::string& why = row.second;
    CAPTURE(file);
    const std::string said = failure([&] { open(file); });
    CHECK(said == Mentions{"input: value: is no file of age: its header is malformed"});
    CHECK(said == Mentions{why});
  }
}

TEST_CASE("recipients of kinds that are not known are passed over, and the MAC is over them") {
  const std::string sealed = word();
  const std::string greased = replaced(sealed, "v1\n", "v1\n-> something-!grease 1 2\n\n");
  CHECK(failure([&] { open(greased); }) == Mentions{"trust: value: its header was changed"});
  const std::string lower = replaced(sealed, "X25519", "x25519");
  CHECK(failure([&] { open(lower); }) == Mentions{"is sealed to others"});
}

TEST_CASE("what a pass phrase asks of scrypt is bounded before anything is computed") {
  const std::string sealed = by_phrase();
  const std::string stanza = line_of(sealed, "-> scrypt ");
  const std::string head = stanza.substr(0, stanza.size() - 1);
  for (const char* work : {"23", "63", "999", "0", "01", "+1", "-1", "0x1", "1x", "18446744073709551617"}) {
    CAPTURE(work);
    const std::string said = failure([&] { open_phrase(replaced(sealed, stanza, head + work)); });
    CHECK(said == Mentions{"its header is malformed"});
  }
  CHECK(failure([&] { open_phrase(replaced(sealed, stanza, head + "23")); }) ==
        Mentions{"asks for the work 2^23, above 2^22"});
  CHECK(failure([&] { open_phrase(replaced(sealed, stanza, head + "1 1")); }) == Mentions{"not one salt"});
  CHECK(failure([&] { open_phrase(replaced(sealed, stanza, "-> scrypt AAAA 1")); }) ==
        Mentions{"not one salt"});
  CHECK(failure([&] { open_phrase(replaced(sealed, stanza, head + "2")); }) ==
        Mentions{"is sealed to others"});
}

TEST_CASE("a pass phrase stands alone") {
  const std::string sealed = word();
  const std::string phrase = by_phrase();
  const std::string stanza = phrase.substr(22, phrase.find("---") - 22);
  const std::string both = replaced(sealed, "v1\n", "v1\n" + stanza);
  CHECK(failure([&] { open(both); }) == Mentions{"has another recipient beside it"});
  CHECK(failure([&] { open_phrase(replaced(phrase, "v1\n", "v1\n" + stanza)); }) == Mentions{"beside it"});
}

TEST_CASE("content has one cut, and its order and its end count") {
  const std::vector<AgeRecipient> to{identities()[0].recipient()};
  const std::string content(3 * 65536, 'x');
  const std::string sealed = crypto::seal_age(content, to, AgeForm::binary);
  const size_t piece = 65536 + 16;
  const std::string head = sealed.substr(0, sealed.size() - 3 * piece);
  const auto part = [&](size_t i) { return sealed.substr(head.size() + i * piece, piece); };
  REQUIRE(open(head + part(0) + part(1) + part(2)) == content);
  const std::string empty = crypto::seal_age("", to, AgeForm::binary);
  const std::vector<std::string> rows{
      head,
      head + part(0),
      head + part(0) + part(1),
      head + part(1) + part(0) + part(2),
      head + part(0) + part(0) + part(2),
      head + part(0) + part(2) + part(1),
      head + part(0) + part(1) + part(2) + "x",
      head + part(0) + part(1) + part(2) + part(2),
      head + part(0) + part(1) + part(2) + empty.substr(empty.size() - 16),
      head + part(0) + part(1) + part(2).substr(1),
      empty.substr(0, empty.size() - 16),
  };
  for (const std::string& file : rows) {
    CAPTURE(file.size());
    CHECK(failure([&] { open(file); }) == Mentions{"trust: value: its content was changed or is not whole"});
  }
}

TEST_CASE("armor is read strictly, but for white space around it and the ends of lines") {
  std::string crlf;
  for (const char c : sealed_word) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
  for (const std::string& good :
       {"\n \t\r\n" + sealed_word + " \n\t", crlf, sealed_word.substr(0, sealed_word.size() - 1)})
    CHECK(open(good) == "a sealed word\n");

  const std::string first = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBXd3JYWGdhS1N6Zm9iR0xF\n";
  const std::string last = "Juf/6xK3PWIupDgpz3ZrmLFL7prVGg==\n";
  const std::string end = "-----END AGE ENCRYPTED FILE-----\n";
  const std::vector<std::string> rows{
      "-----BEGIN AGE ENCRYPTED FILE-----",
      replaced(sealed_word, "BEGIN AGE", "BEGIN PGP"),
      replaced(sealed_word, "BEGIN AGE", "begin age"),
      replaced(sealed_word, end, ""),
      replaced(sealed_word, end, end + "more\n"),
      replaced(sealed_word, "-----END", "-----END "),
      replaced(sealed_word, first, "Version: 1\n\n" + first),
      replaced(sealed_word, first, "\n" + first),
      replaced(sealed_word, first, " " + first),
      replaced(sealed_word, first, first.substr(0, 60) + "\n" + first.substr(60)),
      replaced(sealed_word, first, first.substr(0, 64)),
      replaced(sealed_word, first, replaced(first, "YWdl", "YW*l")),
      replaced(sealed_word, last, "Juf/6xK3PWIupDgpz3ZrmLFL7prVGg\n"),
      replaced(sealed_word, last, "Juf/6xK3PWIupDgpz3ZrmLFL7prVGh==\n"),
      replaced(sealed_word, last, last + "\n"),
      replaced(sealed_word, last, last + "=abc\n"),
      replaced(sealed_word, last, "Juf/6xK3PWIupDgpz3ZrmLFL7prVGg=\n=\n"),
  };
  for (const std::string& text : rows) {
    CAPTURE(text);
    CHECK(failure([&] { open(text); }) ==
          Mentions{"input: value: is no file of age: its armor is malformed"});
  }
}

TEST_CASE("files of recipients and identities hold comments, and no line is passed over that is none") {
  const std::string file = "# ours\r\n\r\n" + recipient_text + "\r\n";
  CHECK(crypto::parse_age_recipients(file, "to.txt") == std::vector{identities()[0].recipient()});
  const auto recipients = [](const std::string& text) {
    return failure([&] { crypto::parse_age_recipients(text, "to.txt"); });
  };
  CHECK(recipients("# nobody\n") == Mentions{"input: to.txt: names no recipient"});
  CHECK(recipients(file + "anna\n") == Mentions{"to.txt: line 4: 'anna' is no recipient of age"});
  CHECK(recipients(replaced(recipient_text, "kfn8", "kfn9")) == Mentions{"is no recipient of age"});
  CHECK(recipients("AGE" + recipient_text.substr(3)) == Mentions{"is no recipient of age"});
  CHECK(recipients("ssh-ed25519 AAAA") == Mentions{"only recipients of X25519"});
  std::string lower = identity_text;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const std::string& line :
       {identity_text, " \t" + identity_text, lower, "  " + lower, "key: " + lower}) {
    const std::string secret = recipients(line);
    CHECK(secret == Mentions{"is an identity, which is secret"});
    CHECK(secret.find("17WZSSPX") == std::string::npos);
    CHECK(secret.find("17wzsspx") == std::string::npos);
  }

  const auto identity = [](const std::string& text) {
    return failure([&] { crypto::parse_age_identities(Secret(text), "key"); });
  };
  CHECK(identity(identity_text) == "no failure");
  CHECK(identity("# none\n") == Mentions{"key: holds no identity"});
  CHECK(identity(replaced(identity_text, "17WZ", "17WY")) ==
        "input: key: line 1: is no identity of age (X25519)");
  CHECK(identity(replaced(identity_text, "17WZ", "17Wz")) == Mentions{"is no identity"});
  CHECK(identity(sealed_word) == Mentions{"with a pass phrase are not read here"});
}

TEST_CASE("an identity that others can read is refused, and a written one is read again") {
  const base::TempDir dir;
  const auto path = dir.path() / "identity";
  const AgeIdentity made = AgeIdentity::generate();
  base::write_file(path, crypto::format_age_identity(made, "made here").text(), 0644);
  CHECK(failure([&] { crypto::read_age_identities(path); }) == Mentions{"trust: the identity"});
  base::write_file(path, crypto::format_age_identity(made, "made here").text(), 0600);
  CHECK(crypto::read_age_identities(path).at(0).recipient() == made.recipient());
}

TEST_CASE("nothing is sealed to nobody") {
  CHECK(failure([] { crypto::seal_age("x", std::vector<AgeRecipient>{}, AgeForm::binary); }) ==
        Mentions{"nobody to seal it to"});
  CHECK(failure([] { crypto::seal_age("x", std::vector{AgeRecipient{}}, AgeForm::binary); }) ==
        Mentions{"nobody can be"});
  CHECK(failure([] { crypto::seal_age("x", Secret(""), 1, AgeForm::binary); }) ==
        Mentions{"protects nothing"});
}

}  // namespace age_test
