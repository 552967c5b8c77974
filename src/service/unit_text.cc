#include "service/unit_text.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "text/document.hh"

#include <algorithm>

namespace bakehouse::service {
namespace {

using base::Error;
using base::Fault;
using text::is_utf8;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw Error(
      Fault::input,
      fmt::format("'{}' cannot stand in a unit of systemd: {}", base::printable(text.substr(0, 200)), why),
      "leave it out, or run the processes by `release serve`");
}

// systemd opens these with a percent sign (%n, %h).
std::string without_specifiers(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '%' ? std::string("%%") : std::string(1, c);
  return out;
}

}  // namespace

std::string unit_word(std::string_view text) {
  if (!is_utf8(text)) refuse(text, "it is no UTF-8");
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '\n': out += "\\n"; continue;
      case '\t': out += "\\t"; continue;
      case '%': out += "%%"; continue;
      case '"':
      case '\\': out += '\\'; break;
      default:
        if (is_control(c)) refuse(text, "it holds a control character");
    }
    out += c;
  }
  return out + '"';
}

std::string unit_words(const std::vector<std::string>& texts) {
  std::string line;
  for (const std::string& text : texts) line += (line.empty() ? "" : " ") + unit_word(text);
  return line;
}

std::string unit_path(const std::filesystem::path& path) {
  const std::string& text = path.native();
  if (!path.is_absolute()) refuse(text, "it is no absolute path");
  if (!is_utf8(text)) refuse(text, "it is no UTF-8");
  if (std::ranges::any_of(text, is_control)) refuse(text, "it holds a control character");
  // At the end of a line the one continues it, and the other is dropped.
  if (text.ends_with('\\') || text.ends_with(' ')) refuse(text, "it ends in a blank or a backslash");
  return without_specifiers(text);
}

std::string unit_pattern(const std::filesystem::path& path) {
  constexpr std::string_view special = "\\*?[";
  std::string escaped;
  for (const char c : path.native()) {
    if (special.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return unit_path(escaped);
}

}  // namespace bakehouse::service
