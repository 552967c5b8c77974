#include "text/document.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <algorithm>

namespace bakehouse::text {
namespace {

using base::Error;
using base::Fault;

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// The offset of the first byte that belongs to no character; the size of the text when all do.
size_t valid_prefix(std::string_view text) {
  size_t index = 0;
  while (index < text.size()) {
    const size_t length = base::utf8_length(text.substr(index));
    if (length == 0) break;
    index += length;
  }
  return index;
}

}  // namespace

bool is_utf8(std::string_view bytes) { return valid_prefix(bytes) == bytes.size(); }

std::string_view character_at(std::string_view text, size_t index) {
  return text.substr(index, std::max<size_t>(base::utf8_length(text.substr(index)), 1));
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
    const char byte = text_[offset_];
    if (byte == '\n') {
      ++line_;
      column_ = 1;
    } else if ((byte & 0xC0) != 0x80) {  // not within a character
      ++column_;
    }
  }
  return {source_, line_, column_};
}

void Document::fail(size_t offset, const std::string& message, const std::string& hint) {
  throw Error(Fault::input, fmt::format("{}: {}", origin_at(offset).describe(), message), hint);
}

}  // namespace bakehouse::text
