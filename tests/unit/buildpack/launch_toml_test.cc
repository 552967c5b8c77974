#include "buildpack/launch_toml.hh"

#include "support/failure.hh"
#include "support/mentions.hh"

#include <fmt/ranges.h>

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace launch_toml_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;
using support::failure;
using support::Mentions;

namespace {

const ApiVersion newest{0, 12};

LaunchToml parsed(const std::string& toml, ApiVersion api = newest) {
  return parse_launch_toml(toml, "launch.toml", api);
}

// "web [run|--fast] [a|b] in sub direct default by acme/a"
std::string describe(const Process& process) {
  std::string text = fmt::format("{} [{}] [{}]", process.type, fmt::join(process.command, "|"),
                                 fmt::join(process.args, "|"));
  if (!process.working_directory.empty()) text += " in " + process.working_directory;
  text += process.direct ? " direct" : " shell";
  if (process.is_default) text += " default";
  for (const std::string& name : process.exec_envs) text += " (" + name + ")";
  if (!process.buildpack.empty()) text += " by " + process.buildpack;
  return text;
}

std::string described(const std::string& toml, ApiVersion api = newest) {
  std::string text;
  for (const Process& process : parsed(toml, api).processes) text += describe(process) + "\n";
  return text;
}

std::string process(const std::string& type, const std::string& more = "") {
  return "[[processes]]\ntype = '" + type + "'\ncommand = ['run-" + type + "']\n" + more;
}

// "a" gives the first file, "b" the second, and so on.
LaunchPlan merged(const std::vector<std::string>& files) {
  LaunchPlan plan;
  std::string buildpack = "a";
  for (const std::string& file : files) {
    add_launch_toml(parsed(file), buildpack, plan);
    ++buildpack[0];
  }
  return plan;
}

std::string types(const LaunchPlan& plan) {
  std::string text;
  for (const Process& process : plan.processes) {
    text += process.type + "<-" + process.buildpack + (process.type == plan.default_process ? "* " : " ");
  }
  return text;
}

}  // namespace

TEST_CASE("V3 launch.toml since API 0.9: a command is a list, and every process is direct") {
  for (const ApiVersion api : {ApiVersion{0, 9}, ApiVersion{0, 12}}) {
    CAPTURE(api.str());
    CHECK(described(
              "[[processes]]\ntype = 'web'\ncommand = ['run', '--fast']\nargs = ['a b', '']\ndefault = true\n"
              "working-dir = 'sub'\n[[processes]]\ntype = 'A.b_c-9'\ncommand = ['x']\n",
              api) == "web [run|--fast] [a b|] in sub direct default\nA.b_c-9 [x] [] direct\n");
    CHECK(failure([&] { parsed("[[processes]]\ntype = 'web'\ncommand = ['x']\ndirect = true\n", api); }) ==
          Mentions{"launch.toml:4:1: 'direct' has no meaning for a buildpack of API " + api.str()});
    CHECK(failure([&] { parsed("[[processes]]\ntype = 'web'\ncommand = 'x'\n", api); }) ==
          Mentions{"launch.toml:3:1: 'command' must be a list for a buildpack of API " + api.str()});
  }
}

TEST_CASE("V3 launch.toml before API 0.9: a command is one text, for a shell unless it is direct") {
  for (const ApiVersion api : {ApiVersion{0, 7}, ApiVersion{0, 8}}) {
    CAPTURE(api.str());
    CHECK(described("[[processes]]\ntype = 'web'\ncommand = 'run $PORT && true'\nargs = ['a']\n", api) ==
          "web [run $PORT && true] [a] shell\n");
    CHECK(described("[[processes]]\ntype = 'web'\ncommand = 'run'\ndirect = true\n", api) ==
          "web [run] [] direct\n");
    CHECK(described("[[processes]]\ntype = 'web'\ncommand = 'run'\ndirect = false\n", api) ==
          "web [run] [] shell\n");
    CHECK(failure([&] { parsed("[[processes]]\ntype = 'web'\ncommand = ['x']\n", api); }) ==
          Mentions{"launch.toml:3:1: 'command' must be a text for a buildpack of API " + api.str()});
  }
}

TEST_CASE("V3 working-dir before API 0.8 is ignored with a warning") {
  const std::string toml = "[[processes]]\ntype = 'web'\ncommand = 'run'\nworking-dir = 'sub'\n";
  const LaunchToml old = parsed(toml, {0, 7});
  CHECK(describe(old.processes[0]) == "web [run] [] shell");
  CHECK(old.warnings ==
        std::vector<std::string>{
            "'working-dir' of the process 'web' is ignored: a buildpack of API 0.7 has none"});
  const LaunchToml newer = parsed(toml, {0, 8});
  CHECK(describe(newer.processes[0]) == "web [run] [] in sub shell");
  CHECK(newer.warnings.empty());
}

TEST_CASE("V3 exec-env of a process counts since API 0.12") {
  CHECK(described(process("web", "exec-env = ['test', 'dev']\n")) ==
        "web [run-web] [] direct (test) (dev)\n");
  CHECK(described(process("web", "exec-env = 3\n"), {0, 11}) == "web [run-web] [] direct\n");
}

TEST_CASE("1.9 a process remembers its API, which says what becomes of a user's arguments") {
  CHECK(parsed(process("web")).processes[0].api == ApiVersion{0, 12});
  CHECK(parsed("[[processes]]\ntype = 'web'\ncommand = 'x'\n", {0, 8}).processes[0].api == ApiVersion{0, 8});
}

TEST_CASE("1.7 launch.toml: labels and slices; keys that are not known are left alone") {
  const LaunchToml launch = parsed(
      "[[labels]]\nkey = 'a'\nvalue = 'b'\n[[labels]]\nkey = 'empty'\n[[slices]]\npaths = ['static/**', "
      "'*.css']\n"
      "[[slices]]\npaths = []\n[[bom]]\nname = 'x'\n[other]\n");
  REQUIRE(launch.labels.size() == 2);
  CHECK(launch.labels[0].key == "a");
  CHECK(launch.labels[0].value == "b");
  CHECK(launch.labels[1].value == "");
  CHECK(launch.slices == std::vector<Slice>{{"static/**", "*.css"}, {}});
  CHECK(launch.processes.empty());
  CHECK(parsed("").processes.empty());
}

TEST_CASE("1.7 launch.toml: what no launcher could follow is refused with its place") {
  const std::pair<std::string, std::string> rows[] = {
      {"processes = 1", "launch.toml:1:1: 'processes' must be a list of tables"},
      {"[processes]\ntype = 'web'", "launch.toml:1:1: 'processes' must be a list of tables"},
      {"[[processes]]\ncommand = ['x']", "launch.toml:1:1: 'type' is missing in a process"},
      {"[[processes]]\ntype = 'web'", "launch.toml:1:1: 'command' is missing in a process"},
      {"[[processes]]\ntype = 'web'\ncommand = []", "launch.toml:3:1: the process 'web' has no command"},
      {"[[processes]]\ntype = 'web'\ncommand = ['']", "launch.toml:3:1: the process 'web' has no command"},
      {"[[processes]]\ntype = 'web'\ncommand = [1]", "launch.toml:3:12: an entry of 'command' must be text"},
      {"[[processes]]\ntype = 'web'\ncommand = [\"a\\u0000b\"]", "an entry of 'command' holds a NUL byte"},
      {process("web", "args = 'x'"), "launch.toml:4:1: 'args' must be a list of texts, not a string"},
      {process("web", "args = [\"\\u0000\"]"), "an entry of 'args' holds a NUL byte"},
      {process("web", "working-dir = \"\\u0000\""), "'working-dir' holds a NUL byte"},
      {process("web", "default = 'yes'"), "launch.toml:4:1: 'default' in a process must be yes or no"},
      {process(""), "launch.toml:2:1: '' is no process type"},
      {process("."), "'.' is no process type"},
      {process(".."), "'..' is no process type"},
      {process("a/b"), "'a/b' is no process type"},
      {process("a b"), "'a b' is no process type"},
      {"[[labels]]\nvalue = 'x'", "launch.toml:1:1: 'key' is missing in a label"},
      {"[[slices]]\npaths = 'x'", "launch.toml:2:1: 'paths' must be a list of texts"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.first);
    CHECK(failure([&] { parsed(row.first); }) == Mentions{row.second});
  }
}

TEST_CASE("1.7 launch.toml: two default processes of one buildpack are refused") {
  CHECK(failure([] { parsed(process("web", "default = true\n") + process("worker", "default = true\n")); }) ==
        "input: launch.toml:5:1: 'web' and 'worker' are both the default process");
}

TEST_CASE("1.7 processes of several buildpacks: sorted by type, the later of one type counts") {
  const LaunchPlan plan =
      merged({process("web") + process("clock"), "", process("web", "args = ['x']\n") + process("b")});
  CHECK(types(plan) == "b<-c clock<-a web<-c ");
  CHECK(describe(plan.processes[2]) == "web [run-web] [x] direct by c");
  CHECK(plan.warnings.empty());
}

TEST_CASE("1.7 processes of several buildpacks: the last default wins") {
  const std::string is_default = "default = true\n";
  CHECK(types(merged({process("web", is_default), process("worker")})) == "web<-a* worker<-b ");
  CHECK(types(merged({process("web", is_default), process("worker", is_default)})) == "web<-a worker<-b* ");
  CHECK(types(merged({process("web", is_default), process("web", is_default)})) == "web<-b* ");
  CHECK(types(merged({process("web"), process("web", is_default)})) == "web<-b* ");
}

TEST_CASE("1.7 processes of several buildpacks: a default replaced by none leaves none, with a warning") {
  const std::string is_default = "default = true\n";
  const LaunchPlan plan = merged({process("web", is_default), process("web")});
  CHECK(types(plan) == "web<-b ");
  CHECK(plan.default_process == "");
  CHECK(plan.warnings ==
        std::vector<std::string>{"the default process 'web' is replaced by one of b that is no "
                                 "default; there is none now"});
  const LaunchPlan again = merged({process("web", is_default), process("web"), process("clock", is_default)});
  CHECK(types(again) == "clock<-c* web<-b ");
  CHECK(merged({process("web", is_default) + process("web")}).default_process == "");
}

TEST_CASE("1.7 labels: the last of a key wins; slices and warnings come one after the other") {
  const LaunchPlan plan =
      merged({"labels = [{key = 'k', value = '1'}, {key = 'z'}]\nslices = [{paths = ['a']}]\n",
              "labels = [{key = 'k', value = '2'}, {key = 'a'}]\nslices = [{paths = ['b']}]\n"});
  std::string labels;
  for (const Label& label : plan.labels) labels += label.key + "=" + label.value + " ";
  CHECK(labels == "a= k=2 z= ");
  CHECK(plan.slices == std::vector<Slice>{{"a"}, {"b"}});
}

}  // namespace launch_toml_test
