#include "config/environment.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "config/limits.hh"
#include "config/names.hh"
#include "text/decode.hh"
#include "text/yaml.hh"

#include <fmt/format.h>

namespace bakehouse::config {

void check_environment(std::string_view environment) {
  if (const auto reason = why_not_word(environment)) {
    throw base::Error(
        base::Fault::input,
        fmt::format("the environment '{}' {}", base::printable(environment.substr(0, 100)), *reason),
        "a name is like 'staging' or 'production-eu'");
  }
}

std::string environment_of(const Root& root) {
  const std::string usual = root.mode == Mode::final ? "production" : "staging";
  const auto file = root.path / "node.yaml";
  const auto content = base::read_file_if_any(file, largest_configuration);
  if (!content) return usual;
  const text::Value value = text::parse_yaml(*content, file.native());
  const text::Value* word = value.find("environment");
  if (word == nullptr || word->is_null()) return usual;
  text::Diagnostics faults;
  const std::string environment = text::as_text(*word, "'environment'", faults).value_or(usual);
  faults.throw_if_any();
  base::with_context(word->origin().describe(), [&] { check_environment(environment); });
  return environment;
}

}  // namespace bakehouse::config
