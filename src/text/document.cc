#include "text/document.hh"

#include "base/error.hh"

#include <algorithm>

namespace bakehouse::text {
namespace {

using base::Error;
using base::Fault;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

uint8_t byte_at(std::string_view text, size_t index) {
  return index < text.size() ? static_cast<uint8_t>(text[index]) : 0;
}

bool is_continuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }

// RFC 3629: the second byte decides whether a sequence is the shortest, no surrogate, and not
// above U+10FFFF.
bool is_second_byte(uint8_t lead, uint8_t byte) {
  switch (lead) {
    case 0xE0: return byte >= 0xA0 && byte <= 0xBF;
    case 0xED: return byte >= 0x80 && byte <= 0x9F;
    case 0xF0: return byte >= 0x90 && byte <= 0xBF;
    case 0xF4: return byte >= 0x80 && byte <= 0x8F;
    default: return is_continuation(byte);
  }
}

size_t length_by_lead(uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

// 0 when no character begins at `index`.
size_t character_length(std::string_view text, size_t index) {
  const uint8_t lead = byte_at(text, index);
  const size_t length = length_by_lead(lead);
  if (length < 2) return length;
  if (!is_second_byte(lead, byte_at(text, index + 1))) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (!is_continuation(byte_at(text, index + i))) return 0;
  }
  return length;
}

// The offset of the first byte that belongs to no character; the size of the text when all do.
size_t valid_prefix(std::string_view text) {
  size_t index = 0;
  while (index < text.size()) {
    const size_t length = character_length(text, index);
    if (length == 0) break;
    index += length;
  }
  return index;
}

}  // namespace

bool is_utf8(std::string_view bytes) { return valid_prefix(bytes) == bytes.size(); }

std::string_view character_at(std::string_view text, size_t index) {
  return text.substr(index, std::max<size_t>(character_length(text, index), 1));
}

Document::Document(std::string_view text, std::string_view name)
    : text_(text), source_(std::make_shared<const std::string>(name)) {}

void Document::check_encoding() {
  if (text_.starts_with(byte_order_mark)) {
    fail(0, "the file begins with a byte order mark", "save it as UTF-8 without one");
  }
  if (const size_t nul = text_.find('\0'); nul != std::string_view::npos) {
    fail(nul, "a NUL byte", "the file must be text in UTF-8");
  }
  if (const size_t bad = valid_prefix(text_); bad < text_.size()) {
    fail(bad, "a byte that is no UTF-8", "save the file in UTF-8");
  }
}

Origin Document::origin_at(size_t offset) {
  offset = std::min(offset, text_.size());
  if (offset < offset_) {
    offset_ = 0;
    line_ = column_ = 1;
  }
  for (; offset_ < offset; ++offset_) {
    const uint8_t byte = byte_at(text_, offset_);
    if (byte == '\n') {
      ++line_;
      column_ = 1;
    } else if (!is_continuation(byte)) {
      ++column_;
    }
  }
  return {source_, line_, column_};
}

void Document::fail(size_t offset, const std::string& message, const std::string& hint) {
  throw Error(Fault::input, fmt::format("{}: {}", origin_at(offset).describe(), message), hint);
}

}  // namespace bakehouse::text
