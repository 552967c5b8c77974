#include "bakery/secret_search.hh"

#include "support/failure.hh"
#include "support/mentions.hh"

#include "base/files.hh"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace secret_search_test {

using namespace bakehouse;
using bakery::SecretSearch;
using support::failure;
using support::Mentions;

namespace {

std::vector<config::OpenedValues> values(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::vector<config::OpenedValues> all(1);
  for (const auto& [key, value] : pairs) all[0].emplace(key, crypto::Secret(value));
  return all;
}

tree::Entry entry(const std::string& path) {
  tree::Entry entry;
  entry.path = base::TreePath::parse(path);
  return entry;
}

// What is said of a tree with this one file, seen in one piece.
std::string said_of(const std::string& content, const std::vector<config::OpenedValues>& opened = {},
                    const std::vector<std::string>& allowed = {}) {
  const base::TempDir dir;
  base::write_file(dir.path() / "file", content);
  SecretSearch search(opened, allowed);
  search.look(entry("file"), content);
  return failure([&] { search.refuse_found(base::Dir::open(dir.path())); });
}

const std::string found = "fault 5: files hold what must not be in a release:\n  file:";

}  // namespace

TEST_CASE("a value of eight bytes and more is found wherever it stands") {
  const auto opened = values({{"word", "horse-28"}, {"short", "1234567"}, {"line", "a line of a file\n"}});
  for (size_t before = 0; before < 9; ++before) {
    CAPTURE(before);
    CHECK(said_of(std::string(before, 'x') + "horse-28", opened) == found + "1: the secret 'word'");
    CHECK(said_of(std::string(before, '\n') + "horse-28" + std::string(before, 'x'), opened) ==
          found + std::to_string(before + 1) + ": the secret 'word'");
  }
  CHECK(said_of("horse-2 8 1234567 hhorse-2", opened) == "no failure");
  CHECK(said_of("it is a line of a file.", opened) == found + "1: the secret 'line'");
}

TEST_CASE("of a long value the middle is looked for") {
  std::string value;
  for (int i = 0; i < 1000; ++i) value += std::to_string(i * i);
  CHECK(said_of("x" + value, values({{"long", value}})) == found + "1: the secret 'long'");
  CHECK(said_of(value.substr(0, value.size() / 2), values({{"long", value}})) == "no failure");
}

TEST_CASE("keys and tokens are known by their form, and not by their name alone") {
  const std::string body(64, 'M');
  const std::string digits(60, 'A');
  const std::vector<std::string> real{
      "-----BEGIN PRIVATE KEY-----\n" + body,
      "x: |\n  -----BEGIN RSA PRIVATE KEY-----\r\n  " + body,
      "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n",
      "\"-----BEGIN EC PRIVATE KEY-----\\n" + body,
      "-----BEGIN OPENSSH PRIVATE KEY-----\n" + body,
      "PuTTY-User-Key-File-3: ssh-ed25519",
      "AGE-SECRET-KEY-1" + digits,
      "RWQAAEIy" + std::string(204, 'A'),
      "token=ghp_" + digits,
      "github_pat_" + digits,
      "'glpat-" + digits,
      "AKIAAAAAAAAAAAAAAAAA",
      "ASIAAAAAAAAAAAAAAAAA\n",
      "xoxb-" + digits,
      "sk_live_" + digits,
      "AIza" + digits,
      "npm_" + digits,
      "pypi-AgEIcHlwaS5vcmc" + digits,
      "dop_v1_" + digits + digits,
  };
  for (const std::string& text : real) {
    CAPTURE(text);
    CHECK(said_of(text) == Mentions{found});
    CHECK(said_of("x\n" + text).find(digits) == std::string::npos);
  }
  const std::vector<std::string> other{
      "-----BEGIN PRIVATE KEY-----",
      "-----BEGIN PRIVATE KEY-----\n...",
      "if (line == \"-----BEGIN PRIVATE KEY-----\") {\n" + body,
      "-----BEGIN PUBLIC KEY-----\n" + body,
      "-----BEGIN\n\nPRIVATE KEY-----\n" + body,
      "AGE-SECRET-KEY-1...",
      "RWQAAEIy" + digits,
      "ghp_token",
      "Xghp_" + digits,
      "AKIAAAAAAAAAAAAAAAAAA",
      "XAKIAAAAAAAAAAAAAAAAA",
      "AKIA",
      "xoxb-short",
      "PuTTY-User-Key-File-",
  };
  for (const std::string& text : other) {
    CAPTURE(text);
    CHECK(said_of(text) == "no failure");
  }
}

TEST_CASE("files that are allowed are not looked at, nor is what lies below an allowed directory") {
  const auto opened = values({{"word", "horse-28"}});
  CHECK(said_of("horse-28", opened, {"/file"}) == "no failure");
  CHECK(said_of("horse-28", opened, {"*.pem"}) == Mentions{"the secret 'word'"});
  SecretSearch search(opened, {"/tests/keys/"});
  search.look(entry("tests/keys/deep/file"), "horse-28");
  const base::TempDir dir;
  CHECK(failure([&] { search.refuse_found(base::Dir::open(dir.path())); }) == "no failure");
}

TEST_CASE("what goes on in the next piece is found, for what is kept of the piece before is long enough") {
  std::string value;
  for (int i = 0; i < 500; ++i) value += std::to_string(i * i);
  SecretSearch search(values({{"long", value}}), {});
  CHECK(search.overlap() >= 511);
  CHECK(SecretSearch({}, {}).overlap() >= 300);
}

}  // namespace secret_search_test
