#include "launch/shell.hh"

#include <fmt/format.h>

namespace bakehouse::launch {
namespace {

const std::string bash = "/bin/bash";

std::string quote(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

// Each word as if it stood in double quotes: its variables and commands mean what they mean to bash.
std::string expand_words(size_t count) {
  std::string script;
  for (size_t i = 0; i < count; ++i) script += fmt::format(R"~( "$(eval "printf %s \"${{{}}}\"")")~", i);
  return script;
}

// The command alone is a script; with arguments it is the first of the words to be expanded.
std::vector<std::string> process_words(const LaunchProcess& process) {
  std::vector<std::string> words{bash, "-c"};
  if (!process.args.empty()) words.push_back(expand_words(1 + process.args.size()));
  words.push_back(process.command.front());
  words.insert(words.end(), process.args.begin(), process.args.end());
  return words;
}

}  // namespace

Invocation shell_invocation(const LaunchProcess& process, const std::vector<std::filesystem::path>& profiles,
                            const std::filesystem::path& application) {
  auto directory = application;
  if (!process.working_directory.empty()) directory /= process.working_directory;
  const std::vector<std::string> words = process_words(process);
  if (profiles.empty()) return {words, directory};
  std::string script;
  for (const auto& profile : profiles) script += fmt::format("source {}\n", quote(profile.native()));
  // A profile may have defined a `cd` of its own.
  script += fmt::format("builtin cd -- {} || exit 82\nexec", quote(directory.native()));
  for (const std::string& word : words) script += " " + quote(word);
  return {{bash, "-c", script, "launch"}, application};
}

}  // namespace bakehouse::launch
