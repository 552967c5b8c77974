#include "base/encoding.hh"

#include <doctest/doctest.h>

#include <string>

namespace encoding_test {

using namespace bakehouse::base;
using namespace std::string_literals;

TEST_CASE("every byte survives hexadecimal") {
  std::string bytes;
  for (int value = 0; value < 256; ++value) bytes += static_cast<char>(value);
  const std::string text = to_hex(bytes);
  CHECK(text.size() == 512);
  CHECK(text.substr(0, 8) == "00010203");
  CHECK(text.substr(504) == "fcfdfeff");
  CHECK(from_hex(text) == bytes);
  CHECK(to_hex("").empty());
  CHECK(from_hex("") == "");
}

TEST_CASE("only whole lower-case hexadecimal is read") {
  for (const auto* text : {"a", "abc", "AB", "aB", "0x", "g0", " 0", "0 ", "-1"}) {
    CAPTURE(text);
    CHECK_FALSE(from_hex(text));
  }
}

TEST_CASE("text for people is shown as it is, all else as octal") {
  const struct {
    std::string given;
    std::string shown;
  } rows[] = {
      {"", ""},
      {"plain name.txt", "plain name.txt"},
      {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
      {"\xe2\x82\xac \xf0\x9f\x8d\x9e", "\xe2\x82\xac \xf0\x9f\x8d\x9e"},
      {"a\nb\tc", "a\\012b\\011c"},
      {"\x1b[31m", "\\033[31m"},
      {"\x7f", "\\177"},
      {"a\0b"s, "a\\000b"},
      {"\xc2\x9b"
       "31m",
       "\\302\\23331m"},                             // the C1 form of ESC [
      {"\xc2\xa0", "\xc2\xa0"},                      // the first character after C1
      {"\xff\xfe", "\\377\\376"},                    // never UTF-8
      {"\xc0\xaf", "\\300\\257"},                    // '/' in two bytes
      {"\xe0\x80\xaf", "\\340\\200\\257"},           // and in three
      {"\xed\xa0\x80", "\\355\\240\\200"},           // a surrogate
      {"\xf4\x90\x80\x80", "\\364\\220\\200\\200"},  // above U+10FFFF
      {"\xe2\x82", "\\342\\202"},                    // cut off
      {"\x80", "\\200"},                             // a continuation without a lead
      {"\xe2\x82z", "\\342\\202z"},
  };
  for (const auto& row : rows) {
    CAPTURE(to_hex(row.given));
    CHECK(printable(row.given) == row.shown);
  }
}

TEST_CASE("what was made printable stays as it is") {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string once = printable(std::string{static_cast<char>(first), static_cast<char>(second)});
      if (printable(once) != once) FAIL("bytes ", first, " and ", second);
    }
  }
}

}  // namespace encoding_test
