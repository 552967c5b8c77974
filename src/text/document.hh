// The text a parser reads: checked once for what no format of ours admits, and asked afterwards
// where in it something stands.
#pragma once

#include "text/value.hh"

#include <memory>
#include <string>
#include <string_view>

namespace bakehouse::text {

bool is_utf8(std::string_view bytes);
// The whole character that begins at `index`; one byte where none does.
std::string_view character_at(std::string_view text, size_t index);

class Document {
 public:
  // `text` must outlive the document. `name` stands in messages and origins.
  Document(std::string_view text, std::string_view name);

  std::string_view text() const { return text_; }
  // Throws Error(input) for a byte order mark, a NUL byte, and bytes that are no UTF-8.
  void check_encoding();
  // Columns count characters, from 1. Cheap when the offsets come in rising order.
  Origin origin_at(size_t offset);
  [[noreturn]] void fail(size_t offset, const std::string& message, const std::string& hint = {});

 private:
  std::string_view text_;
  std::shared_ptr<const std::string> source_;
  size_t offset_ = 0;
  int line_ = 1;
  int column_ = 1;
};

}  // namespace bakehouse::text
