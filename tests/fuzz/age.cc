// Files of age: what is read as a header is written as the same bytes again, armor has one spelling, and what
// opens was sealed by somebody who knew the recipient. (Pass phrases are left out: what scrypt may cost is
// bounded, not small.)
#include "crypto/age.hh"
#include "crypto/age_header.hh"

#include "fuzz/target.hh"

#include <algorithm>

namespace bakehouse::fuzz {
namespace {

// What corpus/age is sealed to.
constexpr std::string_view identity =
    "AGE-SECRET-KEY-17WZSSPX7XPZG42DJA93XF94YAAHDM46VMXMQJ7K6AVY72DCVNHPQU24XMY";

const std::vector<crypto::AgeIdentity>& identities() {
  static const std::vector<crypto::AgeIdentity> list = [] {
    std::vector<crypto::AgeIdentity> made;
    made.push_back(crypto::AgeIdentity::parse(identity, "fuzz"));
    return made;
  }();
  return list;
}

void test_header(std::string_view file) {
  const auto parsed = accepted([&] { return crypto::parse_age(file, "x.age"); });
  if (!parsed) return;
  const std::string head = crypto::format_age_stanzas(parsed->header.stanzas);
  require(head == parsed->header.signed_part, "a header has one spelling");
  const std::string whole = head + crypto::format_age_mac(parsed->header.mac);
  require(file.starts_with(whole), "and so has its MAC");
  require(whole.size() + parsed->nonce.size() + parsed->payload.size() == file.size(),
          "nothing is passed over");
}

void test_armor(std::string_view text) {
  const auto bytes = accepted([&] { return crypto::dearmor_age(text, "x.age"); });
  if (!bytes) return;
  std::string written;
  for (const char c : text)
    if (c != '\r') written += c;
  std::string spelling = crypto::armor_age(*bytes);
  spelling.pop_back();  // the last line need not end
  require(written.find(spelling) != std::string::npos, "armor has one spelling");
  test_header(*bytes);
}

void test_key_files(std::string_view text) {
  const auto recipients = accepted([&] { return crypto::parse_age_recipients(text, "to.txt"); });
  for (const auto& recipient : recipients.value_or(std::vector<crypto::AgeRecipient>{}))
    require(text.find(recipient.text()) != std::string_view::npos, "a recipient has one spelling");
  const crypto::Secret file(text);
  if (const auto keys = accepted([&] { return crypto::parse_age_identities(file, "key"); }))
    require(text.find(keys->front().text().text()) != std::string_view::npos, "an identity has one spelling");
}

}  // namespace

void test_one(std::string_view input) {
  test_header(input);
  test_armor(input);
  test_key_files(input);
  accepted([&] { return crypto::open_age(input, identities(), "x.age"); });
}

}  // namespace bakehouse::fuzz
