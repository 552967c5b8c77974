// What the parts of minisign's format have in common. Private to this folder.
#pragma once

#include "crypto/minisign.hh"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::crypto {

// Must have returned before anything else of libsodium is used. From any thread, as often as liked.
void start_sodium();

// minisign's own limits for a whole line.
constexpr size_t longest_untrusted_line = 1022;
constexpr size_t longest_trusted_line = 8190;

constexpr std::string_view untrusted_prefix = "untrusted comment: ";
constexpr std::string_view trusted_prefix = "trusted comment: ";

// Printable text, with tabs because minisign's own comments hold them, that fits a line.
bool is_trusted_comment(std::string_view comment);

// Exactly `count` lines, the first of them an untrusted comment. Lines end in LF or CR LF, the
// last one perhaps in nothing.
std::vector<std::string_view> split_lines(std::string_view file, size_t count, std::string_view name);
std::string untrusted_line(std::string_view comment);

// What line 2 of a key decodes to.
constexpr size_t public_record_size = 42;
constexpr size_t secret_record_size = 158;

// In base64, `size` bytes take so many digits.
constexpr size_t encoded_size(size_t size) { return (size + 2) / 3 * 4; }
constexpr bool has_encoded_length(std::string_view text, size_t size) {
  return text.size() == encoded_size(size);
}

std::string encode_base64(std::span<const uint8_t> bytes);
// Into `text`, which has room for it and a NUL; returns its length without the NUL.
size_t encode_base64(std::span<const uint8_t> bytes, std::span<char> text);
// Throws Error(trust) unless `text` is the one canonical encoding of exactly `bytes.size()` bytes.
// `where` stands in the message: "shop.pub: line 2".
void decode_base64(std::string_view text, std::span<uint8_t> bytes, std::string_view where);

// What the global signature signs.
std::string globally_signed(const Signature& signature);

}  // namespace bakehouse::crypto
