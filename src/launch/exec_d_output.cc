#include "launch/exec_d_output.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "launch/toml_string.hh"
#include "text/document.hh"

#include <algorithm>

namespace bakehouse::launch {
namespace {

using base::Error;
using base::Fault;
using base::printable;

void skip_blanks(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
}

void skip_comment(std::string_view& rest) {
  if (!rest.starts_with('#')) return;
  const size_t end = rest.find_first_of("\r\n");
  const std::string_view comment = rest.substr(0, end);
  const auto is_control = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  };
  if (std::ranges::any_of(comment, is_control)) throw Error(Fault::input, "a control character in a comment");
  rest.remove_prefix(comment.size());
}

// Nothing but a comment may follow up to here.
void take_line_end(std::string_view& rest) {
  skip_blanks(rest);
  skip_comment(rest);
  if (rest.empty()) return;
  const size_t length = rest.starts_with("\r\n") ? 2 : 1;
  if (length == 1 && rest.front() != '\n') throw Error(Fault::input, "something follows the value");
  rest.remove_prefix(length);
}

std::string take_name(std::string_view& rest) {
  if (rest.starts_with('"') || rest.starts_with('\'')) return take_toml_string(rest, Lines::one);
  const auto is_bare = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  const auto end = std::ranges::find_if_not(rest, is_bare);
  std::string name(rest.begin(), end);
  rest.remove_prefix(name.size());
  return name;
}

void require_name(const std::string& name) {
  if (!name.empty() && name.find_first_of(std::string_view("=\0", 2)) == std::string::npos) return;
  throw Error(Fault::input, fmt::format("'{}' cannot be the name of a variable", printable(name)));
}

void take_line(std::string_view& rest, Environment& variables) {
  skip_blanks(rest);
  if (!rest.empty() && std::string_view("#\r\n").find(rest.front()) == std::string_view::npos) {
    std::string name = take_name(rest);
    skip_blanks(rest);
    if (!rest.starts_with('=')) throw Error(Fault::input, "a line must be NAME = \"value\"");
    require_name(name);
    rest.remove_prefix(1);
    skip_blanks(rest);
    std::string value = take_toml_string(rest, Lines::several);
    if (value.find('\0') != std::string::npos)
      throw Error(Fault::input, fmt::format("the value of {} contains a NUL byte", printable(name)));
    if (!variables.emplace(name, std::move(value)).second)
      throw Error(Fault::input, fmt::format("'{}' stands twice", printable(name)));
  }
  take_line_end(rest);
}

}  // namespace

Environment parse_exec_d_output(std::string_view text) {
  if (!text::is_utf8(text)) throw Error(Fault::input, "it is no UTF-8");
  Environment variables;
  std::string_view rest = text;
  while (!rest.empty()) {
    try {
      take_line(rest, variables);
    } catch (const Error& error) {
      const std::string_view taken = text.substr(0, text.size() - rest.size());
      throw error.within(fmt::format("line {}", 1 + std::ranges::count(taken, '\n')));
    }
  }
  return variables;
}

}  // namespace bakehouse::launch
