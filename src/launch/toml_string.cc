#include "launch/toml_string.hh"

#include "base/error.hh"

#include <cstdint>

namespace bakehouse::launch {
namespace {

using base::Error;
using base::Fault;

[[noreturn]] void fail(const char* reason) { throw Error(Fault::input, reason); }

// `character` is a Unicode scalar value.
void append_utf8(std::string& text, uint32_t character) {
  const auto tail = [](uint32_t bits) { return static_cast<char>(0x80 | (bits & 0x3f)); };
  if (character < 0x80) {
    text += static_cast<char>(character);
  } else if (character < 0x800) {
    text += {static_cast<char>(0xc0 | (character >> 6)), tail(character)};
  } else if (character < 0x10000) {
    text += {static_cast<char>(0xe0 | (character >> 12)), tail(character >> 6), tail(character)};
  } else {
    text += {static_cast<char>(0xf0 | (character >> 18)), tail(character >> 12), tail(character >> 6),
             tail(character)};
  }
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  fail("an escaped character needs more hexadecimal digits");
}

uint32_t take_hex(std::string_view& rest, size_t digits) {
  if (rest.size() < digits) fail("an escaped character needs more hexadecimal digits");
  uint32_t character = 0;
  for (size_t i = 0; i < digits; ++i) character = character << 4 | static_cast<uint32_t>(hex_value(rest[i]));
  if (character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff))
    fail("an escaped character is none of Unicode");
  rest.remove_prefix(digits);
  return character;
}

// After a backslash.
void take_escape(std::string_view& rest, std::string& text) {
  constexpr std::string_view letters = "btnfr\"\\";
  constexpr std::string_view meanings = "\b\t\n\f\r\"\\";
  if (rest.empty()) fail("a string without an end");
  const char letter = rest.front();
  rest.remove_prefix(1);
  if (const size_t known = letters.find(letter); known != std::string_view::npos) {
    text += meanings[known];
  } else if (letter == 'u' || letter == 'U') {
    append_utf8(text, take_hex(rest, letter == 'u' ? 4 : 8));
  } else {
    fail("an unknown escape in a string");
  }
}

bool take(std::string_view& rest, std::string_view prefix) {
  if (!rest.starts_with(prefix)) return false;
  rest.remove_prefix(prefix.size());
  return true;
}

// After a backslash: blanks, a line end, and all blanks and line ends that follow mean nothing.
bool take_folded_lines(std::string_view& rest) {
  const size_t line_end = rest.find_first_not_of(" \t");
  if (line_end == std::string_view::npos) return false;
  const std::string_view after = rest.substr(line_end);
  if (!after.starts_with('\n') && !after.starts_with("\r\n")) return false;
  rest = after;
  // A carriage return alone is found, and refused, by the caller.
  while (take(rest, "\r\n") || take(rest, "\n") || take(rest, " ") || take(rest, "\t")) {
  }
  return true;
}

enum class Escapes { no, yes };

// A character of the text itself.
void take_plain(std::string_view& rest, std::string& text, Lines lines) {
  if (lines == Lines::several && take(rest, "\r\n")) {
    text += '\n';
    return;
  }
  const char c = rest.front();
  const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  if (c == '\n' && lines == Lines::one) fail("a string without an end");
  if (is_control && c != '\t' && c != '\n') fail("a control character in a string");
  text += c;
  rest.remove_prefix(1);
}

// After the opening quotes.
std::string take_body(std::string_view& rest, std::string_view quotes, Escapes escapes, Lines lines) {
  std::string text;
  if (lines == Lines::several && !take(rest, "\n")) take(rest, "\r\n");
  while (!take(rest, quotes)) {
    if (rest.empty()) fail("a string without an end");
    if (escapes == Escapes::no || !take(rest, "\\")) {
      take_plain(rest, text, lines);
    } else if (lines == Lines::one || !take_folded_lines(rest)) {
      take_escape(rest, text);
    }
  }
  // Up to two quotes may stand before the three that end the string.
  const std::string_view quote = quotes.substr(0, 1);
  for (int i = 0; lines == Lines::several && i < 2 && take(rest, quote); ++i) text += quote;
  return text;
}

}  // namespace

std::string take_toml_string(std::string_view& rest, Lines lines) {
  if (lines == Lines::several && take(rest, "\"\"\"")) return take_body(rest, "\"\"\"", Escapes::yes, lines);
  if (lines == Lines::several && take(rest, "'''")) return take_body(rest, "'''", Escapes::no, lines);
  if (take(rest, "\"")) return take_body(rest, "\"", Escapes::yes, Lines::one);
  if (take(rest, "'")) return take_body(rest, "'", Escapes::no, Lines::one);
  fail("not a string in quotes");
}

}  // namespace bakehouse::launch
