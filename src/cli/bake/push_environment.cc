#include "cli/bake/push_environment.hh"

#include "base/error.hh"

#include <charconv>
#include <cstdlib>
#include <string_view>

#include <unistd.h>

namespace bakehouse::cli {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> read_options() {
  constexpr size_t most = 100;
  const char* text = std::getenv("GIT_PUSH_OPTION_COUNT");
  if (text == nullptr) return {};
  const std::string_view digits = text;
  size_t count = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (count > most) throw base::Error(base::Fault::usage, "the push has more than a hundred options");
  std::vector<std::string> options;
  for (size_t i = 0; i < count; ++i) {
    const char* option = std::getenv(("GIT_PUSH_OPTION_" + std::to_string(i)).c_str());
    if (option != nullptr) options.emplace_back(option);
  }
  return options;
}

void clear_git_variables() {
  std::vector<std::string> names;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    if (text.starts_with("GIT_")) names.emplace_back(text.substr(0, text.find('=')));
  }
  for (const std::string& name : names) ::unsetenv(name.c_str());
}

}  // namespace

PushEnvironment take_push_environment() {
  PushEnvironment found;
  const char* quarantine = std::getenv("GIT_QUARANTINE_PATH");
  // Versions of git before 2.11.1 name it by this alone.
  if (quarantine == nullptr) quarantine = std::getenv("GIT_OBJECT_DIRECTORY");
  if (quarantine != nullptr && *quarantine != '\0') found.quarantine = fs::absolute(quarantine);
  found.options = read_options();
  clear_git_variables();
  return found;
}

}  // namespace bakehouse::cli
