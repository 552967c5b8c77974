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

std::optional<std::string> first_word(const Grammar& grammar, const std::vector<std::string>& arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (contains(grammar.with_value, arguments[i])) {
      ++i;
    } else if (arguments[i] == "--") {
      return i + 1 < arguments.size() ? std::optional(arguments[i + 1]) : std::nullopt;
    } else if (!arguments[i].starts_with("-")) {
      return arguments[i];
    }
  }
  return std::nullopt;
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

}  // namespace bakehouse::cli
