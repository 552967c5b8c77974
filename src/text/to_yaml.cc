#include "text/document.hh"
#include "text/json.hh"
#include "text/yaml.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::text {
namespace {

// parse_yaml refuses these as they are, JSON has no need to escape them.
std::string escape(std::string_view character) {
  if (character == "\x7F") return "\\x7f";
  if (character == "\xEF\xBB\xBF") return "\\ufeff";
  const bool is_c1 = character[0] == '\xC2' && static_cast<unsigned char>(character[1]) < 0xA0;
  return is_c1 ? fmt::format("\\x{:02x}", static_cast<unsigned char>(character[1])) : std::string(character);
}

std::string yaml_string(const std::string& text) {
  const std::string json = to_json(Value(text));
  std::string out;
  for (size_t i = 0; i < json.size();) {
    const std::string_view character = character_at(json, i);
    out += escape(character);
    i += character.size();
  }
  return out;
}

// A plain scalar that came out of a YAML file goes back in as it stood, unless folding put a line
// end into it; then it is long text, and quotes change nothing of what it means.
std::string scalar(const Value& value) {
  const std::string& text = value.text();
  const bool fits_a_line =
      std::none_of(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; });
  if (value.kind() == Value::Kind::plain && fits_a_line) return text;
  const bool is_text = value.kind() == Value::Kind::plain || value.kind() == Value::Kind::string;
  return is_text ? yaml_string(text) : to_json(value);
}

// Block style throughout: there, unlike in flow style, every plain scalar stays one.
void write(const Value& value, size_t indent, std::string& out) {
  const std::string margin(indent, ' ');
  if (value.is_map() && !value.members().empty()) {
    for (const auto& [key, member] : value.members()) {
      out += "\n" + margin + yaml_string(key) + ":";
      write(member, indent + 2, out);
    }
  } else if (value.is_list() && !value.items().empty()) {
    for (const Value& item : value.items()) {
      out += "\n" + margin + "-";
      write(item, indent + 2, out);
    }
  } else if (value.is_map() || value.is_list()) {
    out += value.is_map() ? " {}" : " []";
  } else {
    out += " " + scalar(value);
  }
}

}  // namespace

std::string to_yaml(const Value& value) {
  std::string out = "---";
  write(value, 0, out);
  return out + "\n";
}

}  // namespace bakehouse::text
