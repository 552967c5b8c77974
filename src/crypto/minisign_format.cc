#include "crypto/minisign_format.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <sodium.h>

#include <algorithm>

namespace bakehouse::crypto {

void start_sodium() {
  // sodium_init locks for itself; the static only spares the call.
  static const bool started = sodium_init() >= 0;
  if (!started) throw base::Error(base::Fault::internal, "libsodium cannot be initialised");
}

bool is_trusted_comment(std::string_view comment) {
  if (trusted_prefix.size() + comment.size() > longest_trusted_line) return false;
  std::string text(comment);
  std::replace(text.begin(), text.end(), '\t', ' ');
  return base::printable(text) == text;
}

std::vector<std::string_view> split_lines(std::string_view file, size_t count, std::string_view name) {
  std::vector<std::string_view> lines;
  while (!file.empty() && lines.size() <= count) {
    const size_t end = file.find('\n');
    std::string_view line = file.substr(0, end);
    file.remove_prefix(end == file.npos ? file.size() : end + 1);
    if (end != file.npos && line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
  }
  if (lines.size() != count) {
    throw base::Error(base::Fault::trust, fmt::format("{}: must have exactly {} lines, as minisign "
                                                      "writes them",
                                                      base::printable(name), count));
  }
  if (!lines[0].starts_with(untrusted_prefix) || lines[0].size() > longest_untrusted_line) {
    throw base::Error(base::Fault::trust,
                      fmt::format("{}: line 1 must be '{}' and at most {} bytes in all",
                                  base::printable(name), untrusted_prefix, longest_untrusted_line));
  }
  return lines;
}

std::string untrusted_line(std::string_view comment) {
  // Only for people, so that a foreign name in it is made harmless, not refused.
  std::string line = fmt::format("{}{}", untrusted_prefix, base::printable(comment));
  line.resize(std::min(line.size(), longest_untrusted_line));
  return line + "\n";
}

size_t encode_base64(std::span<const uint8_t> bytes, std::span<char> text) {
  start_sodium();
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_ORIGINAL);
  return encoded_size(bytes.size());
}

std::string encode_base64(std::span<const uint8_t> bytes) {
  std::string text(encoded_size(bytes.size()) + 1, '\0');
  text.resize(encode_base64(bytes, text));
  return text;
}

namespace {

// libsodium 1.0.18 takes some bytes above 0x7F for the digits they resemble.
bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x80; });
}

}  // namespace

void decode_base64(std::string_view text, std::span<uint8_t> bytes, std::string_view where) {
  start_sodium();
  size_t length = 0;
  const bool decoded =
      is_ascii(text) && sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr,
                                          &length, nullptr, sodium_base64_VARIANT_ORIGINAL) == 0;
  if (decoded && length == bytes.size()) return;
  throw base::Error(base::Fault::trust,
                    fmt::format("{}: not the base64 of {} bytes", base::printable(where), bytes.size()));
}

std::string globally_signed(const Signature& signature) {
  const auto* const bytes = reinterpret_cast<const char*>(signature.signature.data());
  return std::string(bytes, signature.signature.size()) + signature.trusted_comment;
}

}  // namespace bakehouse::crypto
