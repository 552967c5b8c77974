#include "launch/launch_file.hh"

#include "base/error.hh"

#include <doctest/doctest.h>

#include <string>

namespace launch_file_test {

using namespace bakehouse;
using launch::format_launch;
using launch::LaunchFile;
using launch::parse_launch;

namespace {

using Words = std::vector<std::string>;

std::string refusal(const std::string& json) {
  try {
    parse_launch(json, "launch.json");
  } catch (const base::Error& error) {
    CHECK(error.fault() == base::Fault::input);
    return error.what();
  }
  return "accepted";
}

// A whole file around one process.
std::string with_process(const std::string& process) {
  return R"({"schema":1,"processes":[)" + process + "]}";
}

std::string with_buildpack(const std::string& buildpack) {
  return R"({"schema":1,"processes":[],"buildpacks":[)" + buildpack + "]}";
}

}  // namespace

TEST_CASE("a launch file says what runs, with what, where and by whom") {
  const LaunchFile file = parse_launch(R"({
    "schema": 1,
    "default": "web",
    "processes": [
      {"type": "worker", "command": ["bin/worker"]},
      {"type": "web", "command": ["python3", "app.py"], "args": ["--port", "80"],
       "working-directory": "site", "buildpack": "bakehouse/procfile"}
    ]})",
                                       "launch.json");
  CHECK(file.default_process == "web");
  REQUIRE(file.processes.size() == 2);
  CHECK(file.processes[0].type == "web");
  CHECK(file.processes[1].type == "worker");
  const auto* web = file.find("web");
  REQUIRE(web != nullptr);
  CHECK(web->command == Words{"python3", "app.py"});
  CHECK(web->args == Words{"--port", "80"});
  CHECK(web->working_directory == "site");
  CHECK(web->buildpack == "bakehouse/procfile");
  CHECK(file.find("worker")->args.empty());
  CHECK(file.find("worker")->working_directory.empty());
  CHECK(file.find("nothing") == nullptr);
}

TEST_CASE("a release may have no processes") {
  CHECK(parse_launch(R"({"schema":1,"processes":[]})", "x").processes.empty());
}

TEST_CASE("what is written is read as the same, and always as the same bytes") {
  LaunchFile file;
  file.processes = {{"worker", {"a b", "\"", ""}, {}, "", ""},
                    {"web", {"x"}, {"", "gr\xc3\xbc\xc3\x9f", "$HOME"}, "a/b", "some/buildpack"}};
  file.default_process = "worker";
  const std::string json = format_launch(file);
  CHECK(json ==
        "{\"default\":\"worker\",\"processes\":["
        "{\"args\":[\"\",\"gr\xc3\xbc\xc3\x9f\",\"$HOME\"],\"buildpack\":\"some/"
        "buildpack\",\"command\":[\"x\"],"
        "\"type\":\"web\",\"working-directory\":\"a/b\"},"
        "{\"args\":[],\"buildpack\":\"\",\"command\":[\"a "
        "b\",\"\\\"\",\"\"],\"type\":\"worker\",\"working-directory\":\"\"}"
        "],\"schema\":1}");
  CHECK(format_launch(parse_launch(json, "x")) == json);
}

TEST_CASE("1.9 a launch file says how a process starts, where it exists, and on which layers") {
  const LaunchFile file = parse_launch(R"({
    "schema": 1,
    "processes": [
      {"type": "old", "command": ["echo $PORT"], "direct": false, "user-args": "append"},
      {"type": "check", "command": ["x"], "exec-env": ["test", "development"]},
      {"type": "web", "command": ["x"], "exec-env": ["*"]}
    ],
    "buildpacks": [{"id": "b/node.js", "layers": ["Z", "a", "b"]}, {"id": "a", "layers": []}]
    })",
                                       "launch.json");
  CHECK(!file.find("old")->direct);
  CHECK(file.find("old")->user_args == launch::UserArgs::append);
  CHECK(file.find("check")->direct);
  CHECK(file.find("check")->user_args == launch::UserArgs::replace);
  CHECK(file.find("check")->exists_in("test"));
  CHECK(!file.find("check")->exists_in("production"));
  CHECK(file.find("web")->exists_in("production"));
  CHECK(file.find("old")->exists_in("anything"));
  REQUIRE(file.buildpacks.size() == 2);
  CHECK(file.buildpacks[1].buildpack == "a");
  Words paths;
  for (const auto& path : file.buildpacks[0].paths()) paths.push_back(path.str());
  CHECK(paths == Words{".layers/b_node.js/Z", ".layers/b_node.js/a", ".layers/b_node.js/b"});
  const std::string json = format_launch(file);
  CHECK(format_launch(parse_launch(json, "x")) == json);
  CHECK(json.find(R"("buildpacks":[{"id":"b/node.js","layers":["Z","a","b"]},{"id":"a","layers":[]}])") !=
        std::string::npos);
}

TEST_CASE("decision 1 app-path: a launch file may say where its processes see the application") {
  const std::string json = R"({"app-path":"/opt/app","default":"","processes":[],"schema":1})";
  const LaunchFile file = parse_launch(json, "launch.json");
  CHECK(file.app_path == "/opt/app");
  CHECK(format_launch(file) == json);
  CHECK(parse_launch(R"({"schema":1,"processes":[]})", "launch.json").app_path.empty());
  for (const char* path : {"app", "/", "/a/../b", "/a/", "//a"}) {
    CAPTURE(path);
    CHECK(refusal(std::string(R"({"schema":1,"processes":[],"app-path":")") + path + "\"}") ==
          "launch.json:1:28: '" + std::string(path) + "' is no absolute path");
  }
}

TEST_CASE("what is not exactly a launch file is refused, with the place and the reason") {
  const struct {
    std::string json;
    const char* reason;
  } rows[] = {
      {"", "ends too early"},
      {"[]", "the file must be a map, not a list"},
      {R"({"processes":[]})", "'schema' is missing"},
      {R"({"schema":2,"processes":[]})", "launch.json:1:2: only schema 1 is known here"},
      {R"({"schema":"1","processes":[]})", "only schema 1 is known here"},
      {R"({"schema":1.0,"processes":[]})", "only schema 1 is known here"},
      {R"({"schema":1})", "'processes' is missing"},
      {R"({"schema":1,"processes":{}})", "'processes' must be a list, not a map"},
      {R"({"schema":1,"processes":[],"extra":1})", "the file has an unknown key 'extra'"},
      {R"({"schema":1,"processes":[],"default":"web"})", "the default process 'web' is none of 'processes'"},
      {R"({"schema":1,"processes":[],"default":7})", "'default' must be a string, not a whole number"},
      {R"({"schema":1,"schema":1,"processes":[]})", "twice"},
      {with_process("7"), "a process must be a map, not a whole number"},
      {with_process(R"({"command":["x"]})"), "'type' is missing"},
      {with_process(R"({"type":"web"})"), "'command' is missing"},
      {with_process(R"({"type":"web","command":"x"})"), "'command' must be a list of strings, not a string"},
      {with_process(R"({"type":"web","command":[]})"), "'command' names no program"},
      {with_process(R"({"type":"web","command":[""]})"), "'command' names no program"},
      {with_process(R"({"type":"web","command":["x",1]})"), "a member of 'command' must be a string"},
      {with_process(R"({"type":"web","command":["x\u0000y"]})"), "a member of 'command' contains a NUL byte"},
      {with_process(R"({"type":"web","command":["x"],"args":null})"),
       "'args' must be a list of strings, not nothing"},
      {with_process(R"({"type":"web","command":["x"],"indirect":true})"),
       "a process has an unknown key 'indirect'"},
      {with_process(R"({"type":"web","command":["x"],"direct":"no"})"), "'direct' must be"},
      {with_process(R"({"type":"web","command":["x","y"],"direct":false})"),
       "'command' of a process that is not direct must be one text for bash"},
      {with_process(R"({"type":"web","command":["x"],"user-args":"drop"})"),
       "'user-args' is 'replace' or 'append', not 'drop'"},
      {with_process(R"({"type":"web","command":["x"],"exec-env":"test"})"), "'exec-env' must be a list"},
      {with_buildpack(R"({"id":"a"})"), "'layers' is missing"},
      {with_buildpack(R"({"layers":[]})"), "'id' is missing"},
      {with_buildpack(R"({"id":"a","layers":[],"api":"0.9"})"), "a buildpack has an unknown key 'api'"},
      {with_buildpack(R"({"id":"..","layers":[]})"), "'..' is no id of a buildpack"},
      {with_buildpack(R"({"id":"a b","layers":[]})"), "'a b' is no id of a buildpack"},
      {with_buildpack(R"({"id":"a","layers":[""]})"), "the layer ''"},
      {with_buildpack(R"({"id":"a","layers":[".."]})"), "the layer '..' has the part '..'"},
      {with_buildpack(R"({"id":"a","layers":["x/y"]})"), "the layer 'x/y' is not one name"},
      {with_buildpack(R"({"id":"a","layers":["y","x"]})"), "'layers' are not in byte order, each once"},
      {with_buildpack(R"({"id":"a","layers":["x","x"]})"), "'layers' are not in byte order, each once"},
      {with_buildpack(R"({"id":"a/b","layers":[]},{"id":"a_b","layers":[]})"),
       "the layers of 'a_b' would lie where another buildpack's are"},
      {with_process(R"({"type":"web","command":["x"]},{"type":"web","command":["y"]})"),
       "the process type 'web' stands twice"},
      {with_process(R"({"type":"web","command":["x"],"working-directory":"../up"})"),
       "the working directory '../up' has the part '..'"},
      {with_process(R"({"type":"web","command":["x"],"working-directory":"/etc"})"),
       "the working directory '/etc' is absolute"},
      {with_process(R"({"type":"","command":["x"]})"), "'' is no process type"},
      {with_process(R"({"type":"..","command":["x"]})"), "'..' is no process type"},
      {with_process(R"({"type":"a/b","command":["x"]})"), "'a/b' is no process type"},
      {with_process(R"({"type":"a b","command":["x"]})"), "'a b' is no process type"},
      {with_process(R"({"type":"a\u001b[2J","command":["x"]})"), "'a\\033[2J' is no process type"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.json);
    const std::string message = refusal(row.json);
    CAPTURE(message);
    CHECK(message.find(row.reason) != std::string::npos);
    CHECK(message.starts_with("launch.json"));
  }
}

}  // namespace launch_file_test
