// minisign's three files: what is read is written as the same key or signature again, in the one canonical
// base64, and no file asks for a pass phrase beyond what scrypt may cost.
#include "crypto/minisign.hh"
#include "crypto/secret_key.hh"

#include "fuzz/memory_file.hh"
#include "fuzz/target.hh"

#include <algorithm>

namespace bakehouse::fuzz {
namespace {

// Lines end in LF or CR LF, the last one perhaps in nothing.
std::string line_of(std::string_view file, int number) {
  for (int i = 1; i < number; ++i) file.remove_prefix(file.find('\n') + 1);
  std::string_view line = file.substr(0, file.find('\n'));
  if (line.size() < file.size() && line.ends_with('\r')) line.remove_suffix(1);
  return std::string(line);
}

void test_public_key(std::string_view input) {
  const auto key = accepted([&] { return crypto::parse_public_key(input, "x.pub"); });
  if (!key) return;
  const std::string written = crypto::format_public_key(*key);
  require(crypto::parse_public_key(written, "written") == *key, "a public key is written as it was read");
  require(line_of(written, 2) == line_of(input, 2), "a public key has one spelling");
}

void test_signature(std::string_view input) {
  const auto signature = accepted([&] { return crypto::parse_signature(input, "x.minisig"); });
  if (!signature) return;
  const std::string written = crypto::format_signature(*signature, "fuzz");
  for (int line = 2; line <= 4; ++line)
    require(line_of(written, line) == line_of(input, line), "a signature has one spelling");
  const std::string& comment = signature->trusted_comment;
  std::string shown = comment;
  std::replace(shown.begin(), shown.end(), '\t', ' ');
  require(base::printable(shown) == shown, "a trusted comment is printable");
}

void test_secret_key(std::string_view input) {
  const auto read = [](std::string_view file) {
    const MemoryFile memory(file);
    return crypto::SecretKey::read(memory.path(), {});
  };
  const auto key = accepted([&] { return read(input); });
  if (!key) return;
  const crypto::Secret written = key->format();
  require(read(written.text()).public_key() == key->public_key(), "a secret key is written as it was read");
}

}  // namespace

void test_one(std::string_view input) {
  test_public_key(input);
  test_signature(input);
  test_secret_key(input);
}

}  // namespace bakehouse::fuzz
