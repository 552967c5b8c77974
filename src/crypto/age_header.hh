// The header of a file of age: who can open it. Private to this folder.
//
//   age-encryption.org/v1
//   -> TYPE ARGUMENT...          a stanza for each recipient
//   BODY                         base64 in lines of 64 digits, the last one shorter, perhaps empty
//   --- MAC                      over all before it and these three dashes
#pragma once

#include "base/error.hh"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::crypto {

struct AgeStanza {
  std::vector<std::string> words;  // the type, then arguments
  std::string body;
};

struct AgeHeader {
  std::vector<AgeStanza> stanzas;
  std::string_view signed_part;  // of what was parsed: what the MAC is over
  std::string mac;
};

constexpr size_t age_nonce_size = 16;

// What is malformed, for every part of a header.
base::Error malformed_age_header(std::string_view name, std::string_view what);

struct ParsedAge {
  AgeHeader header;
  std::string_view nonce;
  std::string_view payload;
};
// Views of `file`. Throws Error(input).
ParsedAge parse_age(std::string_view file, std::string_view name);

// All that the MAC is over.
std::string format_age_stanzas(const std::vector<AgeStanza>& stanzas);
std::string format_age_mac(std::string_view mac);

// Base64 without padding, of which each text of bytes has one spelling.
std::string encode_age_base64(std::string_view bytes);
bool decode_age_base64(std::string_view text, std::string& bytes);

}  // namespace bakehouse::crypto
