// The helper as it is installed.
#include "helper.hh"

#include <doctest/doctest.h>

namespace main_program_test {

using namespace bakehouse;
using namespace launch_test;
namespace fs = std::filesystem;

namespace {

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
  const auto own = launch_test::launch({application.path(), "web"});
  CHECK(own.status.code == 7);
  CHECK(own.lines == Words{where, "one two"});
  CHECK(launch_test::launch({application.path(), "web", "--", "-x"}).lines == Words{where, "-- -x"});
}

TEST_CASE("a process may have a directory of its own") {
  const Application application(
      R"({"type":"web","command":["pwd"],"args":["-P"],"working-directory":"inner"})");
  CHECK(launch_test::launch({application.path(), "web"}).lines ==
        Words{fs::canonical(application.path()).native() + "/inner"});
}

TEST_CASE("1.9 environment: kept but for what concerns the launcher alone, and nothing is added") {
  const Application application(R"({"type":"web","command":["/usr/bin/env"]})");
  Words environment = {"CNB_EXEC_ENV=production", "EMPTY=", "GREETING=good day", "PATH=/nowhere"};
  const Words kept = environment;
  for (const char* name :
       {"CNB_LAYERS_DIR", "CNB_APP_DIR", "CNB_PROCESS_TYPE", "CNB_PLATFORM_API", "CNB_DEPRECATION_MODE"}) {
    environment.push_back(std::string(name) + "=x");
  }
  CHECK(launch_test::launch({application.path(), "web"}, environment).lines == kept);
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
      {{}, 2, {"launch: usage: launch APPLICATION_DIR [PROCESS|COMMAND [ARGS...]]"}},
      {{""}, 2, {"launch: usage: launch APPLICATION_DIR [PROCESS|COMMAND [ARGS...]]"}},
      {{path},
       82,
       {"launch: neither a process nor a command is named, and there is no default process",
        "launch: known are: closed, gone, lost, web"}},
      {{path, "wed"}, 127, {"/bin/bash: line 1: wed: command not found"}},
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
    const auto outcome = launch_test::launch(row.arguments);
    CHECK(outcome.status.code == row.status);
    CHECK(outcome.lines == row.lines);
  }
}

TEST_CASE("a damaged launch file is named with the place") {
  const Application application("{}");
  const auto outcome = launch_test::launch({application.path(), "web"});
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

TEST_CASE("variables of a file are laid over those that are there, for any program") {
  const base::TempDir scratch;
  const std::string file = scratch.path() / "env.web";
  base::write_file(file, "EMPTY=\"\"\nPASSWORD=\"it's \\\"5 \\$\\\"\"\n", 0600);
  const Words given = {"GREETING=good day", "PASSWORD=none"};
  CHECK(launch_test::launch({"--variables", file, "/usr/bin/env"}, given).lines ==
        Words{"EMPTY=", "GREETING=good day", "PASSWORD=it's \"5 $\""});
  const Application application(R"({"type":"web","command":["printenv","PASSWORD"]})");
  CHECK(launch_test::launch({"--variables", file, helper().native(), application.path(), "web"}).lines ==
        Words{"it's \"5 $\""});
}

TEST_CASE("without its variables a program is not started, and what they hold is not said") {
  const base::TempDir scratch;
  const std::string file = scratch.path() / "env";
  const Words words{"--variables", file, "/bin/echo", "it ran"};
  const auto lost = launch_test::launch(words);
  CHECK(lost.status.code == 82);
  CHECK(lost.lines == Words{"launch: cannot open '" + file + "': No such file or directory"});
  base::write_file(file, "A=\"1\"\nB=secret\n", 0600);
  const auto broken = launch_test::launch(words);
  CHECK(broken.status.code == 82);
  CHECK(broken.lines == Words{"launch: " + file + ": line 2 is no variable as Bakehouse writes them"});
  CHECK(launch_test::launch({"--variables", file}).status.code == 2);
}

}  // namespace main_program_test
