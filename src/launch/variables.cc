#include "launch/variables.hh"

#include "base/error.hh"
#include "text/document.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::launch {
namespace {

constexpr std::string_view escaped = "\"\\`$";
constexpr std::string_view assignment = "=\"";

// systemd leaves a variable out that holds one, without a word.
bool is_forbidden(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

// Takes what was written off the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text), rest_(text) {}

  bool is_at_end() const { return rest_.empty(); }

  std::string take_name() {
    const size_t end = rest_.find(assignment);
    if (end == 0 || end == std::string_view::npos ||
        rest_.substr(0, end).find('\n') != std::string_view::npos)
      fail();
    std::string name(rest_.substr(0, end));
    rest_.remove_prefix(end + assignment.size());
    return name;
  }

  std::string take_value() {
    std::string value;
    for (char c = take(); c != '"'; c = take()) value += c == '\\' ? take() : c;
    if (take() != '\n') fail();
    return value;
  }

 private:
  char take() {
    if (rest_.empty()) fail();
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  [[noreturn]] void fail() const {
    const std::string_view read = text_.substr(0, text_.size() - rest_.size());
    throw base::Error(base::Fault::input, fmt::format("line {} is no variable as Bakehouse writes them",
                                                      std::ranges::count(read, '\n') + 1));
  }

  std::string_view text_;
  std::string_view rest_;
};

}  // namespace

std::optional<std::string> why_not_variable(std::string_view name, std::string_view value) {
  if (!text::is_utf8(value)) return "holds bytes that are no text";
  if (std::ranges::any_of(value, is_forbidden)) return "holds a control character";
  if (name.size() + value.size() + 2 > largest_variable)
    return fmt::format("is larger than the {} KiB that a program can be given", largest_variable / 1024);
  return std::nullopt;
}

std::string format_variables(const Environment& variables) {
  std::string text;
  for (const auto& [name, value] : variables) {
    text.append(name).append(assignment);
    for (const char c : value) {
      if (escaped.find(c) != std::string_view::npos) text += '\\';
      text += c;
    }
    text += "\"\n";
  }
  return text;
}

Environment parse_variables(std::string_view text) {
  Environment variables;
  for (Reader reader(text); !reader.is_at_end();) {
    const std::string name = reader.take_name();
    variables[name] = reader.take_value();
  }
  return variables;
}

}  // namespace bakehouse::launch
