// The helper as it is installed. It is found in the build tree this test stands in.
#include "base/error.hh"
#include "base/files.hh"
#include "base/process.hh"

#include <doctest/doctest.h>

#include <string>

using namespace bakehouse;
namespace fs = std::filesystem;

namespace {

using Words = std::vector<std::string>;

fs::path helper() {
  for (fs::path at = fs::read_symlink("/proc/self/exe").parent_path(); at != at.root_path();
       at = at.parent_path()) {
    if (fs::path path = at / "src" / "launch" / "launch"; fs::is_regular_file(path)) return path;
  }
  throw base::Error(base::Fault::internal, "the launch helper is not built");
}

struct Outcome {
  base::ExitStatus status;
  Words lines;
};

Outcome launch(const Words& arguments, const Words& environment = {"PATH=/usr/bin:/bin"}) {
  base::Command command;
  command.argv = {helper().native()};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  command.environment = environment;
  Outcome outcome;
  outcome.status = base::run(command, {}, [&](std::string_view line) { outcome.lines.emplace_back(line); });
  return outcome;
}

struct Application {
  base::TempDir scratch;

  explicit Application(const std::string& processes) {
    fs::create_directory(scratch.path() / ".bakehouse");
    fs::create_directory(scratch.path() / "inner");
    base::write_file(scratch.path() / ".bakehouse" / "launch.json",
                     R"({"schema":1,"processes":[)" + processes + "]}");
  }
  std::string path() const { return scratch.path().native(); }
};

const std::string web =
    R"({"type":"web","command":["sh","-c","pwd -P; echo $@; exit 7","sh"],"args":["one","two"]})";

}  // namespace

TEST_CASE("the helper becomes the process, in the application, with its status") {
  const Application application(web);
  const std::string where = fs::canonical(application.path()).native();
  const auto own = launch({application.path(), "web"});
  CHECK(own.status.code == 7);
  CHECK(own.lines == Words{where, "one two"});
  CHECK(launch({application.path(), "web", "--", "-x"}).lines == Words{where, "-- -x"});
}

TEST_CASE("a process may have a directory of its own") {
  const Application application(
      R"({"type":"web","command":["pwd"],"args":["-P"],"working-directory":"inner"})");
  CHECK(launch({application.path(), "web"}).lines ==
        Words{fs::canonical(application.path()).native() + "/inner"});
}

TEST_CASE("the environment is kept, and nothing is added") {
  const Application application(R"({"type":"web","command":["/usr/bin/env"]})");
  const Words environment = {"GREETING=good day", "PATH=/nowhere", "EMPTY="};
  CHECK(launch({application.path(), "web"}, environment).lines == environment);
}

TEST_CASE("each way to fail has its status and says what was wrong") {
  const Application application(web + R"(,{"type":"gone","command":["no-such-program"]},)"
                                      R"({"type":"closed","command":["/etc/passwd"]},)"
                                      R"({"type":"lost","command":["true"],"working-directory":"none"})");
  const base::TempDir empty;
  const std::string path = application.path();
  const struct {
    Words arguments;
    int status;
    Words lines;
  } rows[] = {
      {{}, 2, {"launch: usage: launch APPLICATION_DIR PROCESS [ARGS...]"}},
      {{path}, 2, {"launch: usage: launch APPLICATION_DIR PROCESS [ARGS...]"}},
      {{path, "wed"},
       82,
       {"launch: there is no process 'wed'", "launch: known are: closed, gone, lost, web"}},
      {{path, "gone"}, 127, {"launch: no program 'no-such-program' in PATH"}},
      {{path, "closed"}, 126, {"launch: cannot execute '/etc/passwd': Permission denied"}},
      {{path, "lost"},
       82,
       {"launch: cannot enter the directory '" + path + "/none': No such file or directory"}},
      {{empty.path().native(), "web"},
       82,
       {"launch: cannot open '" + empty.path().native() +
        "/.bakehouse/launch.json': No such file or directory"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.status);
    const auto outcome = launch(row.arguments);
    CHECK(outcome.status.code == row.status);
    CHECK(outcome.lines == row.lines);
  }
}

TEST_CASE("a damaged launch file is named with the place") {
  const Application application("{}");
  const auto outcome = launch({application.path(), "web"});
  CHECK(outcome.status.code == 82);
  CHECK(outcome.lines ==
        Words{"launch: " + application.path() + "/.bakehouse/launch.json:1:26: 'type' is missing"});
}

// The sanitizers have no static run time.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool sanitized = false;
#endif

TEST_CASE("the helper needs no shared library" * doctest::skip(sanitized)) {
  base::Command command;
  command.argv = {"readelf", "--program-headers", helper().native()};
  command.environment = {"PATH=/usr/bin:/bin"};
  base::run(command, {}, [](std::string_view line) {
    CHECK(line.find("INTERP") == std::string_view::npos);
    CHECK(line.find("DYNAMIC") == std::string_view::npos);
  });
}
