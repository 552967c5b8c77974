#include "config/escape.hh"

#include "base/error.hh"
#include "text/json.hh"
#include "text/yaml.hh"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace bakehouse::config {
namespace {

using base::Error;
using base::Fault;
using text::Value;

bool is_control_byte(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// A word for a POSIX shell. Within such quotes only the quote itself means anything.
std::string for_shell(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

// A number or a truth value, where the pillar has it unquoted and JSON would write it in the very same way;
// everything else is a text: `yes`, `010`, `1_000`.
Value typed(const Value& value) {
  if (value.kind() != Value::Kind::plain) return value;
  try {
    Value read = text::parse_json(value.text(), "a value");
    const bool is_same = read.kind() == Value::Kind::boolean || read.kind() == Value::Kind::integer ||
                         read.kind() == Value::Kind::number;
    if (is_same && read.text() == value.text()) return read;
  } catch (const Error&) {
    return Value(value.text());
  }
  return Value(value.text());
}

using WriteText = std::function<std::string(const std::string& text)>;

// In one line, which is YAML as well where each text is written as YAML wants it.
std::string as_json(const Value& value, const WriteText& write_text) {
  std::string out;
  if (value.is_map()) {
    for (const auto& [key, member] : value.members())
      out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", write_text(key), as_json(member, write_text));
    return "{" + out + "}";
  }
  if (value.is_list()) {
    for (const Value& item : value.items()) out += (out.empty() ? "" : ", ") + as_json(item, write_text);
    return "[" + out + "]";
  }
  if (value.is_null()) return "null";
  const Value read = typed(value);
  return read.kind() == Value::Kind::string ? write_text(read.text()) : read.text();
}

std::string for_json(const Value& value) {
  return as_json(value, [](const std::string& text) { return text::to_json(Value(text)); });
}

std::string for_yaml(const Value& value) {
  return as_json(value, [](const std::string& text) {
    constexpr std::string_view before = "--- ";
    const std::string document = text::to_yaml(Value(text));
    return document.substr(before.size(), document.size() - before.size() - 1);
  });
}

// One word of a list in a unit, in quotes (systemd.syntax(7)).
std::string for_systemd(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '%') {
      out += "%%";
    } else if (c == '"' || c == '\\') {
      out += fmt::format("\\{}", c);
    } else if (is_control_byte(c)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// In a command line of a unit, where a dollar begins a variable.
std::string for_systemd_exec(std::string_view text) {
  std::string out;
  for (const char c : for_systemd(text)) out += c == '$' ? std::string("$$") : std::string(1, c);
  return out;
}

const std::string& text_of(const Value& value) {
  if (value.is_map() || value.is_list())
    throw Error(Fault::input, fmt::format("is {}, which only |json and |yaml can write", value.kind_name()));
  return value.text();
}

struct Filter {
  std::string name;
  std::function<std::string(const Value& value)> write;
};

const std::vector<Filter>& filters() {
  static const std::vector<Filter> all{
      {"json", for_json},
      {"shell", [](const Value& value) { return for_shell(text_of(value)); }},
      {"systemd", [](const Value& value) { return for_systemd(text_of(value)); }},
      {"systemd-exec", [](const Value& value) { return for_systemd_exec(text_of(value)); }},
      {"yaml", for_yaml},
  };
  return all;
}

}  // namespace

const std::vector<std::string>& filter_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Filter& filter : filters()) all.push_back(filter.name);
    return all;
  }();
  return names;
}

std::string write_value(const Value& value, std::string_view filter) {
  if (filter.empty()) return text_of(value);
  return std::ranges::find(filters(), filter, &Filter::name)->write(value);
}

}  // namespace bakehouse::config
