#include "launch/exec.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <sys/stat.h>
#include <unistd.h>

namespace bakehouse::launch {

using base::Error;
using base::Fault;
using base::printable;

namespace {

std::string known_processes(const LaunchFile& file) {
  if (file.processes.empty()) return "the release has no processes";
  std::string list = "known are: ";
  for (const auto& process : file.processes) {
    if (&process != &file.processes.front()) list += ", ";
    list += process.type;
  }
  return list;
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  list.reserve(words.size() + 1);
  for (const auto& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

}  // namespace

Invocation invoke(const LaunchFile& file, const std::filesystem::path& application, std::string_view type,
                  const std::vector<std::string>& args) {
  const LaunchProcess* process = file.find(type);
  if (process == nullptr) {
    throw Error(Fault::input, fmt::format("there is no process '{}'", printable(type)),
                known_processes(file));
  }
  Invocation invocation{process->command, application};
  const auto& rest = args.empty() ? process->args : args;
  invocation.argv.insert(invocation.argv.end(), rest.begin(), rest.end());
  if (!process->working_directory.empty()) invocation.directory /= process->working_directory;
  return invocation;
}

namespace {

// As a shell finds it: the first in PATH that may be executed, else the first that is there at all,
// or "". execvp would not do: one directory of PATH that may not be searched makes it answer
// "permission denied" for a program that exists nowhere.
std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* const path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
  std::string unusable;
  for (;;) {
    const size_t colon = rest.find(':');
    const std::string_view folder = rest.substr(0, colon);
    std::string candidate = fmt::format("{}/{}", folder.empty() ? "." : folder, name);
    struct stat found {};
    if (::stat(candidate.c_str(), &found) == 0 && S_ISREG(found.st_mode)) {
      if (::access(candidate.c_str(), X_OK) == 0) return candidate;
      if (unusable.empty()) unusable = std::move(candidate);
    }
    if (colon == std::string_view::npos) return unusable;
    rest.remove_prefix(colon + 1);
  }
}

}  // namespace

ExecFailure execute(const Invocation& invocation) {
  if (::chdir(invocation.directory.c_str()) != 0) {
    base::fail_os("enter the directory", invocation.directory.native());
  }
  const std::string& name = invocation.argv.front();
  const std::string program = find_program(name);
  if (program.empty()) return {127, fmt::format("no program '{}' in PATH", printable(name))};
  ::execve(program.c_str(), pointers(invocation.argv).data(), environ);
  const bool missing = errno == ENOENT || errno == ENOTDIR;
  return {missing ? 127 : 126,
          fmt::format("cannot execute '{}': {}", printable(program), std::strerror(errno))};
}

}  // namespace bakehouse::launch
