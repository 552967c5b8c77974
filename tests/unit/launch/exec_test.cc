#include "launch/exec.hh"

#include "base/error.hh"
#include "base/files.hh"
#include "base/process.hh"

#include <doctest/doctest.h>

#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace exec_test {

using namespace bakehouse;
using launch::execute;
using launch::Invocation;

namespace {

struct Outcome {
  int status = 0;
  std::string output;  // of the program, or the reason why there was none
};

// Lets a child become `invocation`.
Outcome become(const Invocation& invocation) {
  base::Pipe pipe = base::make_pipe();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(pipe.write.get(), 1);
    int status = 1;
    try {
      const auto failure = execute(invocation);
      status = failure.status;
      base::write_all(pipe.write, failure.message, "pipe");
    } catch (const base::Error& error) {
      base::write_all(pipe.write, error.what(), "pipe");
    }
    ::_exit(status);
  }
  pipe.write.reset();
  Outcome outcome;
  outcome.output = base::read_all(pipe.read, 100'000, "pipe");
  int raw = 0;
  ::waitpid(pid, &raw, 0);
  outcome.status = WEXITSTATUS(raw);
  return outcome;
}

}  // namespace

TEST_CASE("a program is found in PATH, or relative to its directory") {
  const base::TempDir scratch;
  base::write_file(scratch.path() / "here", "#!/bin/sh\necho \"here $1\"; pwd -P\n", 0755);
  const std::string where = std::filesystem::canonical(scratch.path()).native();
  CHECK(become({{"echo", "a", "b"}, scratch.path()}).output == "a b\n");
  CHECK(become({{"./here", "x"}, scratch.path()}).output == "here x\n" + where + "\n");
  CHECK(become({{"sh", "-c", "exit 7"}, scratch.path()}).status == 7);
}

TEST_CASE("what cannot be executed has the status a shell gives it") {
  const base::TempDir scratch;
  base::write_file(scratch.path() / "data", "x", 0644);
  base::write_file(scratch.path() / "no-format", "neither a script nor a program", 0755);
  const struct {
    const char* program;
    int status;
    const char* reason;
  } rows[] = {
      {"no-such-program-anywhere", 127, "no program 'no-such-program-anywhere' in PATH"},
      {"./none", 127, "cannot execute './none': No such file or directory"},
      {"./data/x", 127, "cannot execute './data/x': Not a directory"},
      {"./data", 126, "cannot execute './data': Permission denied"},
      {"./no-format", 126, "cannot execute './no-format': Exec format error"},
      {"/", 126, "cannot execute '/': Permission denied"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.program);
    const Outcome outcome = become({{row.program}, scratch.path()});
    CHECK(outcome.status == row.status);
    CHECK(outcome.output == row.reason);
  }
}

TEST_CASE("PATH is searched as a shell does") {
  const base::TempDir scratch;
  namespace fs = std::filesystem;
  for (const auto* folder : {"directory", "data", "program"}) fs::create_directory(scratch.path() / folder);
  fs::create_directory(scratch.path() / "directory" / "hello");
  base::write_file(scratch.path() / "data" / "hello", "#!/bin/sh\necho data\n", 0644);
  base::write_file(scratch.path() / "program" / "hello", "#!/bin/sh\necho program\n", 0755);
  const std::string base = scratch.path().native();
  const struct {
    std::string path;
    int status;
    std::string output;
  } rows[] = {
      {base + "/none:" + base + "/directory:" + base + "/data:" + base + "/program", 0, "program\n"},
      {base + "/directory", 127, "no program 'hello' in PATH"},
      {base + "/data:" + base + "/none", 126, "cannot execute '" + base + "/data/hello': Permission denied"},
      {base + "/none:", 0, "program\n"},  // an empty part is the working directory
      {"/etc/passwd", 127, "no program 'hello' in PATH"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.path);
    const Outcome outcome = become({{"hello"}, scratch.path() / "program", {"PATH=" + row.path}});
    CHECK(outcome.status == row.status);
    CHECK(outcome.output == row.output);
  }
}

TEST_CASE("a missing directory is not blamed on the program") {
  const Outcome outcome = become({{"true"}, "/no/such/directory"});
  CHECK(outcome.output == "cannot enter the directory '/no/such/directory': No such file or directory");
}

}  // namespace exec_test
