#include "launch/request.hh"

#include "base/error.hh"

#include <doctest/doctest.h>

#include <string>

namespace request_test {

using namespace bakehouse;
using launch::choose;
using launch::LaunchFile;
using launch::LaunchProcess;
using launch::UserArgs;

namespace {

using Words = std::vector<std::string>;

LaunchFile example() {
  LaunchFile file;
  file.processes = {{"old", {"echo $PORT"}, {"a"}, "", "", false, UserArgs::append},
                    {"test", {"check"}, {}, "", "", true, UserArgs::replace, {"test"}},
                    {"web", {"python3", "app.py"}, {"--port", "80"}, "", ""},
                    {"worker", {"bin/work"}, {}, "jobs/night", ""}};
  return file;
}

// type/manner: words
std::string describe(const LaunchProcess& process) {
  std::string text = process.type + (process.direct ? "/direct:" : "/shell:");
  for (const auto& word : process.command) text += " " + word;
  text += " |";
  for (const auto& word : process.args) text += " " + word;
  return text;
}

std::string chosen(const LaunchFile& file, const Words& words, const std::string& called_as = "launch",
                   const std::string& exec_env = "production") {
  try {
    return describe(choose(file, {called_as, words, exec_env}));
  } catch (const base::Error& error) {
    CHECK(error.fault() == base::Fault::input);
    return std::string(error.what()) + " | " + error.hint();
  }
}

}  // namespace

TEST_CASE("1.9 process: by its name, by the name of the helper, or a command") {
  const struct {
    const char* called_as;
    Words words;
    const char* expected;
  } rows[] = {
      {"launch", {"web"}, "web/direct: python3 app.py | --port 80"},
      {"web", {}, "web/direct: python3 app.py | --port 80"},
      {"web", {"worker"}, "web/direct: python3 app.py | worker"},
      {"web", {"--", "x"}, "web/direct: python3 app.py | -- x"},
      {"launch", {"--", "echo", "$HOME"}, "/direct: echo | $HOME"},
      {"launch", {"--", "web"}, "/direct: web |"},
      {"launch", {"echo $HOME && pwd"}, "/shell: echo $HOME && pwd |"},
      {"launch", {"echo", "$HOME"}, "/shell: echo | $HOME"},
      {"launch", {"wed"}, "/shell: wed |"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.expected);
    CHECK(chosen(example(), row.words, row.called_as) == row.expected);
  }
}

TEST_CASE("1.9 process: without a word it is the default, else a mistake") {
  LaunchFile file = example();
  const std::string nothing = "neither a process nor a command is named, and there is no default process | ";
  CHECK(chosen(file, {}) == nothing + "known are: old, web, worker");
  CHECK(chosen(file, {"--"}) == nothing + "known are: old, web, worker");
  CHECK(chosen({}, {}) == nothing + "the release has no processes");
  file.default_process = "worker";
  CHECK(chosen(file, {}) == "worker/direct: bin/work |");
}

TEST_CASE("1.9 process: one of another environment does not exist") {
  CHECK(chosen(example(), {"test"}) ==
        "the process 'test' does not exist in 'production' | known are: old, web, worker");
  CHECK(chosen(example(), {}, "test") ==
        "the process 'test' does not exist in 'production' | known are: old, web, worker");
  CHECK(chosen(example(), {"test"}, "launch", "test") == "test/direct: check |");
}

TEST_CASE("1.9 user arguments replace, or are appended to those of an old buildpack (V3)") {
  CHECK(chosen(example(), {"web", "--help", ""}) == "web/direct: python3 app.py | --help ");
  CHECK(chosen(example(), {"old"}) == "old/shell: echo $PORT | a");
  CHECK(chosen(example(), {"old", "b"}) == "old/shell: echo $PORT | a b");
}

}  // namespace request_test
