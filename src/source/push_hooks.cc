#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "source/remote.hh"

#include <fmt/format.h>

#include <string>

namespace bakehouse::source {
namespace {

namespace fs = std::filesystem;

std::string quoted(const std::string& text) {
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

std::string script(const fs::path& repository, const PushHooks& hooks, std::string_view option) {
  const fs::path root = fs::canonical(hooks.root).lexically_relative(fs::canonical(repository));
  return fmt::format(
      "#!/bin/sh\n"
      "# A push is handed over to `bake receive`. What is added here stays: nothing writes this file again.\n"
      "bake={}\n"
      "[ -x \"$bake\" ] || bake=bake\n"
      "exec \"$bake\" receive {} --root {}{}\n",
      quoted(hooks.program.native()), hooks.name, quoted(root.native()), option);
}

}  // namespace

void write_push_hooks(const fs::path& repository, const PushHooks& hooks) {
  fs::create_directories(repository / "hooks");
  base::write_file(repository / "hooks/pre-receive", script(repository, hooks, ""), 0755);
  base::write_file(repository / "hooks/post-receive", script(repository, hooks, " --moved"), 0755);
}

}  // namespace bakehouse::source
