#include "launch/exec.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/pointers.hh"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include <sys/stat.h>
#include <unistd.h>

namespace bakehouse::launch {

using base::pointers;
using base::printable;

namespace {

std::string_view search_path(const std::vector<std::string>& environment) {
  constexpr std::string_view name = "PATH=";
  const auto found =
      std::ranges::find_if(environment, [&](const std::string& entry) { return entry.starts_with(name); });
  if (found == environment.end()) return "/usr/local/bin:/usr/bin:/bin";
  return std::string_view(*found).substr(name.size());
}

// As a shell finds it: the first in PATH that may be executed, else the first that is there at all,
// or "". execvp would not do: one directory of PATH that may not be searched makes it answer
// "permission denied" for a program that exists nowhere.
std::string find_program(const std::string& name, std::string_view path) {
  if (name.find('/') != std::string::npos) return name;
  std::string unusable;
  for (;;) {
    const size_t colon = path.find(':');
    const std::string_view folder = path.substr(0, colon);
    std::string candidate = fmt::format("{}/{}", folder.empty() ? "." : folder, name);
    struct stat found {};
    if (::stat(candidate.c_str(), &found) == 0 && S_ISREG(found.st_mode)) {
      if (::access(candidate.c_str(), X_OK) == 0) return candidate;
      if (unusable.empty()) unusable = std::move(candidate);
    }
    if (colon == std::string_view::npos) return unusable;
    path.remove_prefix(colon + 1);
  }
}

}  // namespace

ExecFailure execute(const Invocation& invocation) {
  if (::chdir(invocation.directory.c_str()) != 0) {
    base::fail_os("enter the directory", invocation.directory.native());
  }
  const std::string& name = invocation.argv.front();
  const std::string program = find_program(name, search_path(invocation.environment));
  if (program.empty()) return {127, fmt::format("no program '{}' in PATH", printable(name))};
  ::execve(program.c_str(), pointers(invocation.argv).data(), pointers(invocation.environment).data());
  const bool missing = errno == ENOENT || errno == ENOTDIR;
  return {missing ? 127 : 126,
          fmt::format("cannot execute '{}': {}", printable(program), std::strerror(errno))};
}

}  // namespace bakehouse::launch
