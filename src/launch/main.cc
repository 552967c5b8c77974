// launch APPLICATION_DIR PROCESS [ARGS...]: how units, the supervisor and `release exec` start a
// process of a release.

#include "base/error.hh"
#include "base/files.hh"
#include "launch/exec.hh"

#include <cstdio>
#include <exception>

namespace {

using namespace bakehouse;

// 82 is the launch failure of the buildpack platform; 126 and 127 are the shell's.
constexpr int usage = 2;
constexpr int cannot_launch = 82;

constexpr uint64_t largest_file = 1024 * 1024;

int complain(const std::string& message, const std::string& hint, int status) {
  std::fprintf(stderr, "launch: %s\n", message.c_str());
  if (!hint.empty()) std::fprintf(stderr, "launch: %s\n", hint.c_str());
  return status;
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() < 2) return complain("usage: launch APPLICATION_DIR PROCESS [ARGS...]", "", usage);
  const std::filesystem::path application = arguments[0];
  const auto path = application / ".bakehouse" / "launch.json";
  const auto file = launch::parse_launch(base::read_file(path, largest_file), path.native());
  const auto invocation =
      launch::invoke(file, application, arguments[1], {arguments.begin() + 2, arguments.end()});
  const auto failure = launch::execute(invocation);
  return complain(failure.message, "", failure.status);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run({argv + 1, argv + argc});
  } catch (const base::Error& error) {
    return complain(error.what(), error.hint(), cannot_launch);
  } catch (const std::exception& error) {
    return complain(error.what(), "", cannot_launch);
  }
}
