#include "cli/common/arguments.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "text/decode.hh"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

namespace bakehouse::cli {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool is_path(std::string_view word) {
  return word == "." || word == ".." || word.find('/') != std::string_view::npos;
}

// The index of the next argument that is no option of ours nor the value of one.
size_t next_word(const Grammar& grammar, const std::vector<std::string>& arguments, size_t from) {
  size_t i = from;
  while (i < arguments.size() && arguments[i] != "--" && arguments[i].starts_with("-"))
    i += contains(grammar.with_value, arguments[i]) ? 2 : 1;
  return std::min(i, arguments.size());
}

std::optional<std::string> first_word(const Grammar& grammar, const std::vector<std::string>& arguments) {
  size_t i = next_word(grammar, arguments, 0);
  if (i < arguments.size() && arguments[i] == "--") ++i;
  return i < arguments.size() ? std::optional(arguments[i]) : std::nullopt;
}

bool asks_about_program(const std::vector<std::string>& arguments) {
  return contains(arguments, "--help") || contains(arguments, "-h") || contains(arguments, "--version");
}

}  // namespace

std::vector<std::string> apply_grammar(const Grammar& grammar, std::vector<std::string> arguments) {
  const auto word = first_word(grammar, arguments);
  if (word && contains(grammar.commands, *word)) return arguments;
  if (!word && asks_about_program(arguments)) return arguments;
  if (!grammar.implied.empty() && (!word || is_path(*word))) {
    arguments.insert(arguments.begin(), grammar.implied);
    return arguments;
  }
  if (!word) {
    throw base::Error(base::Fault::usage, "no command",
                      fmt::format("`{} --help` lists the commands", grammar.program));
  }
  const auto meant = text::nearest(*word, grammar.commands);
  std::string hint = meant ? fmt::format("did you mean `{} {}`?", grammar.program, *meant)
                           : fmt::format("`{} --help` lists the commands", grammar.program);
  if (!grammar.implied.empty()) {
    hint += fmt::format("{} A path to {} holds a '/': ./{}", meant ? "" : ".", grammar.implied,
                        base::printable(*word));
  }
  throw base::Error(base::Fault::usage, fmt::format("unknown command '{}'", base::printable(*word)), hint);
}

std::vector<std::string> take_foreign_words(const Grammar& grammar, std::vector<std::string>& arguments) {
  const size_t command = next_word(grammar, arguments, 0);
  if (command == arguments.size() || !contains(grammar.passing_on, arguments[command])) return {};
  const auto first = arguments.begin() + static_cast<ptrdiff_t>(next_word(grammar, arguments, command + 1));
  std::vector<std::string> words(first, arguments.end());
  arguments.erase(first, arguments.end());
  return words;
}

}  // namespace bakehouse::cli
