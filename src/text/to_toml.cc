#include "text/to_toml.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "text/document.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace bakehouse::text {
namespace {

using base::Error;
using base::Fault;

[[noreturn]] void refuse(const Value& value, const std::string& why) {
  const std::string place = value.origin().describe();
  throw Error(Fault::input, place.empty() ? why : fmt::format("{}: {}", place, why));
}

std::string escape(char c) {
  switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\t': return "\\t";
    case '\r': return "\\r";
    default: break;
  }
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7F ? fmt::format("\\u{:04X}", byte) : std::string(1, c);
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) out += escape(c);
  return out + "\"";
}

std::string key_of(const Value::Member& member) {
  const std::string& key = member.first;
  if (!is_utf8(key))
    refuse(member.second, fmt::format("the key '{}' is no UTF-8, as TOML must be", base::printable(key)));
  const auto is_bare = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !key.empty() && std::all_of(key.begin(), key.end(), is_bare) ? key : toml_string(key);
}

std::string integer(const Value& value) {
  const std::string& text = value.text();
  int64_t number = 0;
  const auto error = std::from_chars(text.data(), text.data() + text.size(), number).ec;
  if (error != std::errc())
    refuse(value, fmt::format("the number {} has more than 63 bits, as many as TOML holds", text));
  return text;
}

std::string string(const Value& value) {
  if (!is_utf8(value.text()))
    refuse(value, fmt::format("'{}' is no UTF-8, as TOML must be", base::printable(value.text())));
  return toml_string(value.text());
}

std::string in_line(const Value& value);

std::string inline_list(const Value& list) {
  std::vector<std::string> items;
  for (const Value& item : list.items()) items.push_back(in_line(item));
  return fmt::format("[{}]", fmt::join(items, ", "));
}

std::string inline_map(const Value& map) {
  std::vector<std::string> members;
  for (const auto& member : map.members())
    members.push_back(fmt::format("{} = {}", key_of(member), in_line(member.second)));
  return members.empty() ? "{}" : fmt::format("{{ {} }}", fmt::join(members, ", "));
}

std::string in_line(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null: break;
    case Value::Kind::boolean:
    case Value::Kind::number:
    case Value::Kind::date: return value.text();
    case Value::Kind::integer: return integer(value);
    case Value::Kind::string:
    case Value::Kind::plain: return string(value);
    case Value::Kind::list: return inline_list(value);
    case Value::Kind::map: return inline_map(value);
  }
  refuse(value, "TOML has no word for nothing at all");
}

bool is_list_of_maps(const Value& value) {
  return value.is_list() && !value.items().empty() &&
         std::all_of(value.items().begin(), value.items().end(),
                     [](const Value& item) { return item.is_map(); });
}

void write_members(const Value& map, const std::string& path, std::string& out);

void write_section(const Value& map, const std::string& header, const std::string& path, std::string& out) {
  if (!out.empty()) out += "\n";
  out += header + "\n";
  write_members(map, path, out);
}

// What follows the header of a table belongs to it, so a table's own members must stand before.
void write_members(const Value& map, const std::string& path, std::string& out) {
  const auto is_section = [](const Value& value) { return value.is_map() || is_list_of_maps(value); };
  for (const auto& member : map.members()) {
    if (!is_section(member.second)) out += fmt::format("{} = {}\n", key_of(member), in_line(member.second));
  }
  for (const auto& member : map.members()) {
    const Value& value = member.second;
    const std::string name = path.empty() ? key_of(member) : path + "." + key_of(member);
    if (value.is_map()) {
      write_section(value, fmt::format("[{}]", name), name, out);
    } else if (is_section(value)) {
      for (const Value& item : value.items()) write_section(item, fmt::format("[[{}]]", name), name, out);
    }
  }
}

}  // namespace

std::string to_toml(const Value& map) {
  if (!map.is_map()) refuse(map, fmt::format("a TOML document is a map, not {}", map.kind_name()));
  std::string out;
  write_members(map, "", out);
  return out;
}

}  // namespace bakehouse::text
