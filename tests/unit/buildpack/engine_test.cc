#include "support/failure.hh"
#include "support/mentions.hh"
#include "workbench.hh"

#include <doctest/doctest.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace engine_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;
using support::failure;
using support::Mentions;
namespace fs = std::filesystem;

namespace {

const std::string build_failure = "fault 5: ";

std::string ids(const std::vector<Buildpack>& packs) {
  std::string text;
  for (const Buildpack& pack : packs) text += pack.id + " ";
  return text;
}

std::string describe(const launch::LaunchFile& file) {
  std::string text;
  for (const auto& process : file.processes) {
    text += fmt::format("{} [{}] [{}] {} by {}{}\n", process.type, fmt::join(process.command, "|"),
                        fmt::join(process.args, "|"), process.working_directory, process.buildpack,
                        process.type == file.default_process ? " default" : "");
  }
  return text;
}

// A build script that leaves this launch.toml.
Scripts with_launch(const std::string& toml) {
  return {"exit 0", "cat >\"$1/launch.toml\" <<'TOML'\n" + toml + "\nTOML"};
}

std::string process(const std::string& type, const std::string& command, const std::string& more = "") {
  return fmt::format("[[processes]]\ntype = \"{}\"\ncommand = [\"{}\"]\n{}\n", type, command, more);
}

std::set<std::string> names_of(const std::string& environment) {
  std::istringstream lines(environment);
  std::set<std::string> names;
  for (std::string line; std::getline(lines, line);) names.insert(line.substr(0, line.find('=')));
  return names;
}

std::string value_of(const std::string& name, const std::string& environment) {
  std::istringstream lines(environment);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(name + "=")) return line.substr(name.size() + 1);
  }
  return "not set";
}

// For as long as it lives, a variable of our own process is set.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

}  // namespace

TEST_CASE("detection: 0 passes, 100 does not, and each need draws its conclusion") {
  Workbench bench;
  const Buildpack yes = bench.pack("yes", {.detect = "exit 0"});
  const Buildpack no = bench.pack("no", {.detect = "echo nothing for me; exit 100"});
  const Buildpack also = bench.pack("also", {.detect = "exit 0"});

  CHECK(ids(detect({yes, no, also}, Need::any, bench.workshop())) == "yes also ");
  CHECK(ids(detect({also, yes}, Need::all, bench.workshop())) == "also yes ");
  const std::string refused = build_failure +
                              "no buildpacks for this source:\n"
                              "  no@1.2.3 does not apply\n"
                              "  | nothing for me";
  CHECK(failure([&] { detect({yes, no, also}, Need::all, bench.workshop()); }) == refused);
  CHECK(failure([&] { detect({no}, Need::any, bench.workshop()); }) == refused);
}

TEST_CASE("detection with nobody to ask finds nothing") {
  Workbench bench;
  CHECK(failure([&] { detect({}, Need::any, bench.workshop()); }) ==
        Mentions{"no buildpacks for this source"});
}

TEST_CASE("detection that ends otherwise is a fault of the buildpack, with what it said on both outputs") {
  struct Row {
    std::string script;
    std::string how;
  };
  const Row rows[] = {
      {"echo one; echo two >&2; exit 1", "exited with status 1"},
      {"echo one; echo two >&2; exit 99", "exited with status 99"},
      {"echo one; echo two >&2; kill -SEGV $$", "was killed by signal 11"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.script);
    for (const Need need : {Need::any, Need::all}) {
      Workbench bench;
      const std::string message =
          failure([&] { detect({bench.pack("acme/odd", {.detect = row.script})}, need, bench.workshop()); });
      CHECK(message == Mentions{"acme/odd@1.2.3 could not be asked: it " + row.how});
      CHECK(message == Mentions{"\n  | one\n  | two"});
    }
  }
}

TEST_CASE("1.3 exit: 0 with a plan that is none is an error of the buildpack") {
  Workbench bench;
  const Scripts scripts{
      .detect = "echo listen; printf '[[requires]]\\nname = \"ruby\"\\nversion = \"3\"\\n' >\"$2\""};
  const std::string message =
      failure([&] { detect({bench.pack("acme/old", scripts)}, Need::all, bench.workshop()); });
  CHECK(message == Mentions{"acme/old@1.2.3 could not be asked: its build plan:3:"});
  CHECK(message == Mentions{"\n  | listen"});
}

TEST_CASE("of a detection that prints without end the last lines are kept, each to its first part") {
  Workbench bench;
  const auto said_by = [&](const std::string& script) {
    const Buildpack pack = bench.pack("chatty", {.detect = script});
    return failure([&] { detect({pack}, Need::any, bench.workshop()); });
  };
  CHECK(said_by("seq 100000; exit 100") == Mentions{"chatty@1.2.3 does not apply\n  | 99951\n  | 99952\n"});
  const std::string wide = said_by("printf '%060000d\\n' {1..60}; exit 100");
  CHECK(wide.size() < 20 * 1024 + 500);
  CHECK(wide.ends_with("\n  | " + std::string(400, '0')));
  CHECK(said_by("printf '%0399d\\303\\251' 0; exit 100").ends_with("0\\303"));
}

TEST_CASE("detection runs in the application, with platform and an empty plan as arguments") {
  Workbench bench;
  base::write_file(bench.application() / "marker", "");
  const std::string script =
      "[[ -f marker ]] || { echo \"in $PWD\"; exit 1; }\n"
      "(($# == 2)) || { echo \"$# arguments\"; exit 1; }\n"
      "[[ -d $1/env && $1 == \"$CNB_PLATFORM_DIR\" ]] || { echo \"platform $1\"; exit 1; }\n"
      "[[ -f $2 && ! -s $2 && $2 == \"$CNB_BUILD_PLAN_PATH\" ]] || { echo \"plan $2\"; exit 1; }\n"
      "[[ $0 == \"$CNB_BUILDPACK_DIR/bin/detect\" ]] || { echo \"called as $0\"; exit 1; }\n"
      "[[ -z $(cat) ]] || { echo 'standard input is not empty'; exit 1; }";
  CHECK(ids(detect({bench.pack("a", {.detect = script})}, Need::all, bench.workshop())) == "a ");
}

TEST_CASE("a build runs in the application, with layers, platform and plan as arguments") {
  Workbench bench;
  base::write_file(bench.application() / "marker", "");
  const std::string script =
      "set -e\n"
      "[[ -f marker ]]\n"
      "(($# == 3))\n"
      "[[ -d $1 && -z $(ls -A \"$1\") && $1 == \"$CNB_LAYERS_DIR\" ]]\n"
      "[[ -d $2/env && $2 == \"$CNB_PLATFORM_DIR\" ]]\n"
      "[[ -f $3 && ! -s $3 && $3 == \"$CNB_BP_PLAN_PATH\" ]]\n"
      "[[ -d $HOME && -w $HOME ]]\n"
      "echo made >made\n"
      "echo 'it is done'";
  bench.build({bench.pack("acme/a", {.build = script})});
  CHECK(bench.output == "it is done\n");
  CHECK(base::read_file(bench.application() / "made", 10) == "made\n");
  CHECK(bench.notes == std::vector<std::string>{"acme/a 1.2.3"});
}

TEST_CASE("the environment of a buildpack is made from nothing") {
  const Variable secret("BAKEHOUSE_TEST_SECRET", "s3cret");
  const Variable locale("LC_ALL", "de_DE.UTF-8");
  Workbench bench;
  bench.settings.environment = {{"NODE_ENV", "production"}};
  // By a program, because bash adds variables of its own.
  bench.build({bench.pack("acme/a", {.build = "exec cat /proc/self/environ | tr '\\0' '\\n'"})});
  std::set<std::string> names = names_of(bench.output);
  for (const char* of_bash : {"PWD", "SHLVL", "_", "OLDPWD"}) names.erase(of_bash);
  for (const char* of_the_network :
       {"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "NO_PROXY", "no_proxy"})
    names.erase(of_the_network);
  CHECK(names == std::set<std::string>{
                     "CNB_BP_PLAN_PATH", "CNB_BUILDPACK_DIR", "CNB_BUILD_PLAN_PATH", "CNB_EXEC_ENV",
                     "CNB_LAYERS_DIR", "CNB_PLATFORM_DIR", "CNB_TARGET_ARCH", "CNB_TARGET_DISTRO_NAME",
                     "CNB_TARGET_DISTRO_VERSION", "CNB_TARGET_OS", "HOME", "NODE_ENV", "PATH"});
  CHECK(value_of("CNB_TARGET_OS", bench.output) == "linux");
  CHECK(value_of("NODE_ENV", bench.output) == "production");
  CHECK(value_of("HOME", bench.output) != value_of("CNB_LAYERS_DIR", bench.output));
}

TEST_CASE("the way to the network crosses over") {
  const Variable proxy("https_proxy", "http://proxy.example:3128");
  Workbench bench;
  bench.build({bench.pack("a", {.build = "echo \"$https_proxy\""})});
  CHECK(bench.output == "http://proxy.example:3128\n");
}

TEST_CASE("build.env reaches detection and build, as variables and as files of the platform") {
  Workbench bench;
  bench.settings.environment = {{"NODE_ENV", "production"}, {"EMPTY", ""}};
  const std::string check =
      "[[ $NODE_ENV == production && $(cat \"$CNB_PLATFORM_DIR/env/NODE_ENV\") == production && "
      "-f $CNB_PLATFORM_DIR/env/EMPTY && ${EMPTY-unset} == '' ]]";
  const Buildpack pack = bench.pack("a", {.detect = check, .build = check});
  CHECK(ids(detect({pack}, Need::all, bench.workshop())) == "a ");
  bench.build({pack});
}

TEST_CASE("1.6.4: variables of the operator stand above all others, those without a suffix are defaults") {
  Workbench bench;
  bench.settings.environment = {{"KEPT", "project"}, {"TAKEN", "project"}, {"LIST", "project"}};
  const fs::path env = bench.build_config() / "env";
  fs::create_directories(env);
  const std::pair<const char*, const char*> files[] = {{"KEPT", "operator"},
                                                       {"NEW", "operator"},
                                                       {"TAKEN.override", "operator"},
                                                       {"LIST.append", "operator"},
                                                       {"LIST.delim", ":"}};
  for (const auto& [name, value] : files) base::write_file(env / name, value);
  const std::string show = "echo \"$KEPT $NEW $TAKEN $LIST\"";
  const Buildpack pack = bench.pack("a", {.detect = show + "; exit 100", .build = show});
  CHECK(failure([&] { detect({pack}, Need::any, bench.workshop()); }) ==
        Mentions{"\n  | project operator operator project:operator"});
  bench.build({bench.pack("a", {.build = show})});
  CHECK(bench.output == "project operator operator project:operator\n");
  bench.output.clear();
  bench.build({bench.pack("a", {.build = show}, "clear-env = true\n")});
  CHECK(bench.output == "operator operator operator operator\n");
  base::write_file(env / "A=B", "x");
  CHECK(failure([&] { bench.build({bench.pack("a", {})}); }) ==
        Mentions{"build-config/env/A=B: a variable's name"});
}

TEST_CASE("a PATH of build.env stands before the usual one") {
  Workbench bench;
  bench.settings.environment = {{"PATH", "/opt/tool/bin"}};
  bench.build({bench.pack("a", {.build = "cat /proc/self/environ | tr '\\0' '\\n' | grep ^PATH="})});
  CHECK(bench.output == "PATH=/opt/tool/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
}

TEST_CASE("processes are what launch.toml says, sorted by type") {
  Workbench bench;
  const auto launch =
      bench.build({bench.pack("acme/a", with_launch("[[processes]]\n"
                                                    "type = \"worker\"\n"
                                                    "command = [\"bin/work\", \"--hard\"]\n"
                                                    "args = [\"a b\", \"c\"]\n"
                                                    "working-dir = \"sub\"\n" +
                                                    process("web", "bin/serve", "default = true"))),
                   bench.pack("acme/b", with_launch(process("clock", "bin/tick")))});
  CHECK(describe(launch) ==
        "clock [bin/tick] []  by acme/b\n"
        "web [bin/serve] []  by acme/a default\n"
        "worker [bin/work|--hard] [a b|c] sub by acme/a\n");
}

TEST_CASE("a buildpack need not define a process, nor be known for a launch.toml without any") {
  Workbench bench;
  const auto launch =
      bench.build({bench.pack("a", {}), bench.pack("b", with_launch("[[labels]]\nkey = \"k\"\n"))});
  CHECK(launch.processes.empty());
  CHECK(launch.default_process.empty());
}

TEST_CASE("of a process that two buildpacks define the later one's counts") {
  struct Row {
    std::string first;
    std::string second;
    std::string expected;
  };
  const std::string is_default = "default = true";
  const std::string web = process("web", "one");
  const std::string web_default = process("web", "one", is_default);
  const std::string other = process("web", "two");
  const std::string other_default = process("web", "two", is_default);
  const std::string worker_default = process("worker", "work", is_default);
  const Row rows[] = {
      {web, other, "web [two] []  by b\n"},
      {web, other_default, "web [two] []  by b default\n"},
      // It is another process now, and its buildpack did not make it the default.
      {web_default, other, "web [two] []  by b\n"},
      {web_default, worker_default, "web [one] []  by a\nworker [work] []  by b default\n"},
      {web_default, "", "web [one] []  by a default\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.first);
    CAPTURE(row.second);
    Workbench bench;
    const auto launch =
        bench.build({bench.pack("a", with_launch(row.first)), bench.pack("b", with_launch(row.second))});
    CHECK(describe(launch) == row.expected);
  }
}

TEST_CASE("a launch.toml that no launcher could follow fails the build, and its buildpack is named") {
  struct Row {
    std::string toml;
    std::string reason;
  };
  const Row rows[] = {
      {"[[processes]]\ncommand = [\"x\"]\n", "'type' is missing"},
      {"[[processes]]\ntype = \"web\"\n", "'command' is missing"},
      {"[[processes]]\ntype = \"web\"\ncommand = []\n", "the process 'web' has no command"},
      {"[[processes]]\ntype = \"web\"\ncommand = \"bin/serve\"\n", "the process 'web' has no command"},
      {"[[processes\n", "this is no TOML"},
      {process("", "x"), "is no process type"},
      {process("../../etc", "x"), "is no process type"},
      {process("a b", "x"), "is no process type"},
      {process("web", ""), "the process 'web' has no command"},
      {process("web", "x", "working-dir = \"../out\""), "the working directory '../out'"},
      {process("web", "x", "default = true") + process("worker", "x", "default = true"),
       "'web' and 'worker' are both the default process"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.toml);
    Workbench bench;
    const std::string message =
        failure([&] { bench.build({bench.pack("acme/odd", with_launch(row.toml))}); });
    CHECK(message == Mentions{build_failure});
    CHECK(message == Mentions{"acme/odd"});
    CHECK(message == Mentions{row.reason});
  }
}

TEST_CASE("1.7 after each: only layers for the launch travel, and nothing else is left in the tree") {
  const auto layer = [](const std::string& types) -> Scripts {
    return {"exit 0", "mkdir \"$1/tools\"; echo x >\"$1/tools/x\"; mkdir \"$1/no-toml\"; echo '" + types +
                          "' >\"$1/tools.toml\"; echo >\"$1/build.toml\"; echo >\"$1/store.toml\""};
  };
  for (const std::string types : {"", "[types]", "[types]\nbuild = true\ncache = true\nlaunch = false"}) {
    CAPTURE(types);
    Workbench bench;
    CHECK(bench.build({bench.pack("a", layer(types))}).buildpacks.empty());
    CHECK_FALSE(fs::exists(bench.application() / ".layers"));
  }
  Workbench bench;
  const auto launch = bench.build({bench.pack("acme/a", layer("[types]\nlaunch = true"))});
  REQUIRE(launch.buildpacks.size() == 1);
  CHECK(launch.buildpacks[0].buildpack == "acme/a");
  CHECK(launch.buildpacks[0].layers == std::vector<std::string>{"tools"});
  CHECK(base::read_file(bench.application() / ".layers/acme_a/tools/x", 10) == "x\n");
  CHECK(base::Dir::open(bench.application() / ".layers/acme_a").names() == std::vector<std::string>{"tools"});
}

TEST_CASE("decision 1: links of the application that name the final path become relative") {
  Workbench bench;
  bench.build({bench.pack("acme/a", {.build = "mkdir -p \"$1/l/node_modules\" sub\n"
                                              "ln -s \"$1/l/node_modules\" node_modules\n"
                                              "ln -s \"$PWD\" sub/top\n"
                                              "printf '[types]\\nlaunch = true\\n' >\"$1/l.toml\""})});
  CHECK(fs::read_symlink(bench.application() / "node_modules") == ".layers/acme_a/l/node_modules");
  CHECK(fs::read_symlink(bench.application() / "sub/top") == "..");
}

TEST_CASE("1.7 after each: what buildpacks leave beside their layers, or plant for others, does not count") {
  Workbench bench;
  const std::string plant =
      "mkdir \"$1/../other\" \"$1/../acme_b\"; echo >\"$1/../file\"; mkdir \"$1/../acme_b/x\"\n"
      "printf '[types]\\nlaunch = true\\n' | tee \"$1/../acme_b/x.toml\" >\"$1/l.toml\"; mkdir \"$1/l\"";
  const auto launch =
      bench.build({bench.pack("acme/a", {.detect = "mkdir -p .layers/acme_a/old", .build = plant}),
                   bench.pack("acme/b", {.build = "[[ -z $(ls -A \"$1\") ]]"})});
  CHECK(launch.buildpacks.size() == 1);
  CHECK(base::Dir::open(bench.application() / ".layers").names() == std::vector<std::string>{"acme_a"});
  CHECK(base::Dir::open(bench.application() / ".layers/acme_a").names() == std::vector<std::string>{"l"});
}

TEST_CASE("a source that has a '.layers' of its own is refused") {
  Workbench bench;
  fs::create_directory(bench.application() / ".layers");
  CHECK(failure([&] { bench.build({bench.pack("a", {})}); }) ==
        Mentions{"input: the source has a '.layers'"});
}

TEST_CASE("1.3 plan file: what a program puts in its place is neither waited for nor followed") {
  for (const std::string replace : {"mkfifo \"$2\"", "ln -s /etc/os-release \"$2\"", "mkdir \"$2\""}) {
    CAPTURE(replace);
    Workbench bench;
    const Scripts scripts{.detect = "rm \"$2\"; " + replace};
    CHECK(failure([&] { detect({bench.pack("acme/a", scripts)}, Need::all, bench.workshop()); }) ==
          Mentions{"acme/a@1.2.3 could not be asked: "});
  }
}

TEST_CASE(
    "decision 1: nothing that a program leaves in its directories leads the next one, or us, out of them") {
  Workbench bench;
  if (Site(bench.workshop(), Store()).room() == Room::Kind::none) {
    MESSAGE("skipped: this machine makes no build rooms");
    return;
  }
  const fs::path outside = bench.application().parent_path() / "outside";
  fs::create_directory(outside);
  const std::string lead =
      "cd \"$CNB_PLATFORM_DIR/..\"\n"
      "for directory in * */*; do\n"
      "  if mv \"$directory\" moved 2>/dev/null; then ln -s '" +
      outside.native() +
      "' \"$directory\"; rm -rf moved; fi\n"
      "done\n"
      "true";
  const auto attempt = [&] {
    bench.build({bench.pack("acme/a", {.detect = lead, .build = lead}),
                 bench.pack("acme/b", {.build = "echo mine >/tmp/b; echo mine >\"$HOME/b\" || true"})});
  };
  // It may harm itself, and then the build fails.
  failure(attempt);
  CHECK(fs::is_empty(outside));
}

TEST_CASE("1.7 launch.toml: a working-dir may end with a slash, and name the application") {
  struct Row {
    std::string written;
    std::string expected;
  };
  for (const Row& row : {Row{"web/", "web"}, Row{"$PWD/web", "web"}, Row{"$PWD/", ""},
                         Row{"./a/../web//", "web"}, Row{".", ""}}) {
    CAPTURE(row.written);
    Workbench bench;
    const auto launch = bench.build({bench.pack(
        "a",
        {.build = "printf '[[processes]]\\ntype = \"web\"\\ncommand = [\"x\"]\\nworking-dir = \"%s\"\\n' \"" +
                  row.written + "\" >\"$1/launch.toml\""})});
    REQUIRE(launch.processes.size() == 1);
    CHECK(launch.processes[0].working_directory == row.expected);
  }
}

TEST_CASE("decision 1: links that name the final path become relative in layers that travel") {
  Workbench bench;
  bench.build({bench.pack("acme/a", {.build = "mkdir -p \"$1/l/lib/v1\" \"$1/l/bin\"\n"
                                              "ln -s \"$1/l/lib/v1\" \"$1/l/lib/now\"\n"
                                              "ln -s \"$PWD/page\" \"$1/l/page\"\n"
                                              "ln -s ../lib \"$1/l/bin/lib\"\n"
                                              "ln -s /usr/bin/env \"$1/l/bin/env\"\n"
                                              "printf '[types]\\nlaunch = true\\n' >\"$1/l.toml\""})});
  const fs::path layer = bench.application() / ".layers/acme_a/l";
  CHECK(fs::read_symlink(layer / "lib/now") == "v1");
  CHECK(fs::read_symlink(layer / "page") == "../../../page");
  CHECK(fs::read_symlink(layer / "bin/lib") == "../lib");
  CHECK(fs::read_symlink(layer / "bin/env") == "/usr/bin/env");
}

TEST_CASE("1.7 after each: a layer for nothing is out of the way of later buildpacks") {
  Workbench bench;
  bench.build({bench.pack("a", {.build = "mkdir \"$1/x\" \"$1/x/bin\"; echo >\"$1/x.toml\""}),
               bench.pack("b", {.build = "[[ -d $1/../a/x.ignore && ! -e $1/../a/x ]]"})});
}

TEST_CASE("1.7 after each: layers that cannot be used fail the build, and the buildpack is named") {
  struct Row {
    std::string script;
    std::string reason;
  };
  const Row rows[] = {
      {"echo 'launch = true' >\"$1/x.toml\"", "x.toml:1"},
      {"printf '[types]\\nlaunch = true\\n' >\"$1/x.toml\"",
       "the layer 'x' is to be launched and has no directory"},
      {"echo x >\"$1/x\"; printf '[types]\\nlaunch = true\\n' >\"$1/x.toml\"",
       "'.layers/acme_odd/x' is no directory"},
      {"ln -s / \"$1/x\"; printf '[types]\\nlaunch = true\\n' >\"$1/x.toml\"",
       "'.layers/acme_odd/x' is no directory"},
      {"ln -s /etc/passwd \"$1/x.toml\"", "x.toml"},
      {"echo '[' >\"$1/x.toml\"", "this is no TOML"},
      {"printf '[[unmet]]\\nname = \"node\"\\n' >\"$1/build.toml\"", "node"},
      {"rm -r \"$1\"", ".layers/acme_odd"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.script);
    Workbench bench;
    const std::string message =
        failure([&] { bench.build({bench.pack("acme/odd", {.build = row.script})}); });
    CHECK(message == Mentions{build_failure + "the buildpack acme/odd"});
    CHECK(message == Mentions{row.reason});
  }
}

TEST_CASE(
    "1.6 environment: later buildpacks have what layers of the build give, earlier ones and the launch do "
    "not") {
  Workbench bench;
  const std::string make =
      "mkdir -p \"$1/x/bin\" \"$1/x/env\" \"$1/x/env.build\" \"$1/y/bin\" \"$1/l/bin\"\n"
      "printf 'ex' >\"$1/x/env/V\"; printf 'bx' >\"$1/x/env.build/V.append\"\n"
      "printf '[types]\\nbuild = true\\n' | tee \"$1/x.toml\" >\"$1/y.toml\"\n"
      "printf '[types]\\nlaunch = true\\n' >\"$1/l.toml\"\n"
      "echo \"first ${V-unset}\"";
  bench.settings.environment = {{"PATH", "/up"}};
  bench.build(
      {bench.pack("acme/a", {.build = make}),
       bench.pack("acme/b", {.build = "layers=${1%/acme_b}; echo \"$V\"; echo \"${PATH//$layers/L}\""})});
  CHECK(bench.output ==
        "first unset\n"
        "exbx\n"
        "/up:L/acme_a/y/bin:L/acme_a/x/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
}

TEST_CASE("1.6 environment: a buildpack with clear-env has no variables of the project") {
  Workbench bench;
  bench.settings.environment = {{"NODE_ENV", "production"}};
  const auto directory = bench.application().parent_path() / "clear";
  const Buildpack pack =
      load_buildpack(write_pack(directory, descriptor("a") + "clear-env = true\n",
                                {.build = "echo \"${NODE_ENV-unset} $(cat \"$2/env/NODE_ENV\")\""}));
  bench.build({pack});
  CHECK(bench.output == "unset production\n");
}

TEST_CASE(
    "V3: before API 0.8 directories come as arguments alone, targets since 0.10, the exec-env since 0.12") {
  const std::set<std::string> named{"CNB_BP_PLAN_PATH", "CNB_BUILD_PLAN_PATH", "CNB_LAYERS_DIR",
                                    "CNB_PLATFORM_DIR"};
  for (const int minor : {7, 8, 9, 10, 11, 12}) {
    CAPTURE(minor);
    Workbench bench;
    const auto directory = bench.application().parent_path() / "versioned";
    const Buildpack pack =
        load_buildpack(write_pack(directory, descriptor("a", fmt::format("0.{}", minor)),
                                  {.build = "exec cat /proc/self/environ | tr '\\0' '\\n'"}));
    bench.build({pack});
    const auto names = names_of(bench.output);
    CHECK(names.contains("CNB_BUILDPACK_DIR"));
    for (const std::string& name : named) CHECK(names.contains(name) == (minor >= 8));
    CHECK(names.contains("CNB_TARGET_OS") == (minor >= 10));
    CHECK(names.contains("CNB_EXEC_ENV") == (minor >= 12));
  }
}

TEST_CASE(
    "1.7 plan in: the provider is given what others require, and what it leaves unmet is given to the next") {
  Workbench bench;
  const std::string provide = "printf '[[provides]]\\nname = \"node\"\\n' >\"$2\"";
  const std::string require =
      "printf '[[requires]]\\nname = \"node\"\\n[requires.metadata]\\nversion = 1.5\\n' >\"$2\"";
  const std::string count = "grep -c '^version = 1.5' \"$3\" || true";
  bench.build(
      {bench.pack("a", {provide, count + "; printf '[[unmet]]\\nname = \"node\"\\n' >\"$1/build.toml\""}),
       bench.pack("b", {provide, count}), bench.pack("c", {provide, count}),
       bench.pack("d", {require, "[[ ! -s $3 ]]"})});
  CHECK(bench.output == "1\n1\n0\n");
}

TEST_CASE("a build that writes outside of its tree is stopped, and the message names buildpack and path") {
  Workbench bench;
  if (Site(bench.workshop(), Store()).room() == Room::Kind::none) {
    MESSAGE("skipped: this machine makes no build rooms");
    return;
  }
  try {
    bench.build({bench.pack("acme/a", {.build = "exec touch /usr/bakehouse-test"})});
    FAIL("the build went through");
  } catch (const base::Error& error) {
    CHECK(std::string(error.what()) == "the buildpack acme/a exited with status 1");
    CHECK(std::string(error.hint()) == Mentions{"write outside of the application and its layers"});
    CHECK(std::string(error.hint()) == Mentions{": /usr/bakehouse-test"});
  }
  CHECK_FALSE(fs::exists("/usr/bakehouse-test"));
}

TEST_CASE("a build that fails ends it: later buildpacks do not run") {
  Workbench bench;
  const std::string message = failure([&] {
    bench.build({bench.pack("acme/a", {.build = "echo trying; echo oops >&2; exit 7"}),
                 bench.pack("acme/b", {.build = "echo never"})});
  });
  CHECK(message == build_failure + "the buildpack acme/a exited with status 7");
  CHECK(bench.output == "trying\noops\n");
}

TEST_CASE("a buildpack that runs too long is ended with all it started") {
  Workbench bench;
  bench.settings.time_limit = std::chrono::milliseconds(300);
  const fs::path pid = bench.application() / "pid";
  const std::string forever = "sleep 1000 & echo $! >pid.new; mv pid.new pid; wait";
  const Buildpack pack = bench.pack("acme/slow", {.build = forever});
  const auto is_gone = [&] {
    return !base::read_file_if_any(
                "/proc/" + std::to_string(std::stoi(base::read_file(pid, 20))) + "/cmdline", 100)
                .value_or("")
                .starts_with("sleep");
  };
  CHECK(failure([&] { bench.build({pack}); }) ==
        build_failure + "the buildpack acme/slow ran longer than its limit and was ended");
  CHECK(is_gone());
  fs::remove(pid);
  bench.begin_again();
  const Buildpack asked = bench.pack("acme/unsure", {.detect = forever});
  CHECK(failure([&] { detect({asked}, Need::any, bench.workshop()); }) ==
        Mentions{"acme/unsure@1.2.3 could not be asked: it ran longer than its limit"});
  CHECK(is_gone());
}

TEST_CASE("two buildpacks share the application and HOME, never their layers") {
  Workbench bench;
  bench.build({bench.pack("acme/a", {.build = "touch \"$1/mine\" \"$HOME/ours\" here"}),
               bench.pack("acme/b", {.build = "[[ ! -e $1/mine && -e $HOME/ours && -e here ]]"})});
}

}  // namespace engine_test
