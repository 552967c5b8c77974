// The grammar of both programs, applied before any option parser sees the arguments.
#pragma once

#include <string>
#include <vector>

namespace bakehouse::cli {

struct Grammar {
  std::string program;
  std::vector<std::string> commands;
  // Command that is meant when the first word is a path or there is none; "" when there is none such.
  std::string implied;
  // Options that take a value, which therefore is no word.
  std::vector<std::string> with_value;
  // Commands whose words are another program's: options of ours stand before the first of them.
  std::vector<std::string> passing_on = {};
};

// Inserts the implied command; an unknown first word is an Error(usage) that names the nearest
// command. `--help` and `--version` alone imply nothing.
std::vector<std::string> apply_grammar(const Grammar& grammar, std::vector<std::string> arguments);

// Cuts off what a command of `passing_on` passes on, the first `--` included, so that no parser of ours
// takes it for its own. Nothing for other commands.
std::vector<std::string> take_foreign_words(const Grammar& grammar, std::vector<std::string>& arguments);

}  // namespace bakehouse::cli
