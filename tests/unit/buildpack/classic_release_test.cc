#include "buildpack/classic_release.hh"

#include "support/failure.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

namespace classic_release_test {

using namespace bakehouse::buildpack;
using bakehouse::support::failure;
using bakehouse::support::Mentions;

namespace {

std::string read(const std::string& yaml) {
  const ClassicRelease release = parse_classic_release(yaml, "bin/release");
  std::string text;
  for (const auto& [type, command] : release.processes) text += type + "=[" + command + "] ";
  for (const auto& [name, value] : release.config_vars) text += "$" + name + "=[" + value + "] ";
  return text;
}

}  // namespace

TEST_CASE("bin/release of a classic buildpack names processes and variables, or nothing") {
  struct Row {
    std::string yaml;
    std::string found;
  };
  const Row rows[] = {
      {"", ""},
      {"---\n", ""},
      {"--- {}\n", ""},
      {"---\ndefault_process_types:\naddons:\n", ""},
      {"---\naddons:\n  - shared-database:5mb\nconfig_vars:\n  PATH: bin:/usr/bin\n"
       "default_process_types:\n  hello: cat hello.txt\n",
       "hello=[cat hello.txt] $PATH=[bin:/usr/bin] "},
      {"default_process_types: {web: 'a: b'}\n", "web=[a: b] "},
      {"config_vars:\n  PORT: 8000\n", "$PORT=[8000] "},
      {"something: [new]\n", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    CHECK(read(row.yaml) == row.found);
  }
}

TEST_CASE("what bin/release prints otherwise is refused with its place") {
  struct Row {
    std::string yaml;
    std::vector<std::string> mentions;
  };
  const Row rows[] = {
      {"Rails\n", {"bin/release", "instead of a map"}},
      {"default_process_types: web\n", {"bin/release:1", "'default_process_types' is"}},
      {"default_process_types:\n  web: [a, b]\n", {"bin/release:2", "'web' of default_process_types"}},
      {"default_process_types:\n  web: a: b\n", {"bin/release:2"}},
      {"config_vars:\n  ../up: 1\n", {"'../up' cannot be the name of a variable"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    const std::string message = failure([&] { read(row.yaml); });
    for (const std::string& part : row.mentions) CHECK(message == Mentions{part});
  }
}

}  // namespace classic_release_test
