// launch APPLICATION_DIR [PROCESS|COMMAND [ARGS...]]: how units, the supervisor and `release exec` start a
// process of a release. `-- PROGRAM [ARGS...]` executes a program without bash.
//
// launch --variables FILE PROGRAM [ARGS...]: a program, which may be this one, with the variables of that
// file.

#include "base/error.hh"
#include "base/files.hh"
#include "launch/place.hh"
#include "launch/prepare.hh"
#include "launch/request.hh"
#include "launch/variables.hh"

#include <cstdio>
#include <cstdlib>
#include <exception>

#include <sys/prctl.h>
#include <unistd.h>

namespace {

using namespace bakehouse;

// 82 is the launch failure of the buildpack platform; 126 and 127 are the shell's.
constexpr int usage = 2;
constexpr int cannot_launch = 82;

constexpr uint64_t largest_file = 1024 * 1024;
constexpr uint64_t largest_variables = 16 * 1024 * 1024;

int complain(const std::string& message, const std::string& hint, int status) {
  std::fprintf(stderr, "launch: %s\n", message.c_str());
  if (!hint.empty()) std::fprintf(stderr, "launch: %s\n", hint.c_str());
  return status;
}

// Variables get paths below it, which must hold in every directory. Links in it stay: programs may
// have been built for the path by which it is named.
std::filesystem::path absolute(const std::string& application) {
  std::filesystem::path path = std::filesystem::absolute(application).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

// What is in the file goes to the program and, on the way there, to nobody else.
int run_with_variables(const std::vector<std::string>& arguments) {
  if (arguments.size() < 3) return complain("usage: launch --variables FILE PROGRAM [ARGS...]", "", usage);
  // A core of this program would hold them, too; that of what it becomes is that program's affair.
  ::prctl(PR_SET_DUMPABLE, 0);
  const std::string& file = arguments[1];
  launch::Environment environment = launch::to_environment(environ);
  const std::string text = base::read_file(file, largest_variables);
  const auto variables = base::with_context(file, [&] { return launch::parse_variables(text); });
  for (const auto& [name, value] : variables) environment[name] = value;
  const auto failure =
      launch::execute({{arguments.begin() + 2, arguments.end()}, ".", launch::to_list(environment)});
  return complain(failure.message, "", failure.status);
}

int run(const std::string& called_as, const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments.front().empty()) {
    return complain("usage: launch APPLICATION_DIR [PROCESS|COMMAND [ARGS...]]", "", usage);
  }
  if (called_as.empty() && arguments.front() == "--variables") return run_with_variables(arguments);
  const std::filesystem::path given = absolute(arguments.front());
  const auto path = given / ".bakehouse" / "launch.json";
  const auto file = launch::parse_launch(base::read_file(path, largest_file), path.native());
  const std::filesystem::path application = launch::place(given, file.app_path);
  launch::Environment environment = launch::to_environment(environ);
  launch::Request request{called_as, {arguments.begin() + 1, arguments.end()}};
  if (const auto known = environment.find("CNB_EXEC_ENV"); known != environment.end())
    request.exec_env = known->second;
  const auto process = launch::choose(file, request);
  const auto failure = launch::execute(launch::prepare(file, process, application, std::move(environment)));
  return complain(failure.message, "", failure.status);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 0) return run("", {});
    std::string called_as = std::filesystem::path(argv[0]).filename().native();
    // Its own name is no wish for a process of that name: all services are started by it.
    if (called_as == "launch") called_as.clear();
    return run(called_as, {argv + 1, argv + argc});
  } catch (const base::Error& error) {
    return complain(error.what(), error.hint(), cannot_launch);
  } catch (const std::exception& error) {
    return complain(error.what(), "", cannot_launch);
  }
}
