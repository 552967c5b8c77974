#include "buildpack/classic.hh"

#include "buildpack/check.hh"
#include "support/failure.hh"
#include "support/mentions.hh"
#include "workbench.hh"

#include <doctest/doctest.h>

#include <fmt/ranges.h>

#include <string>

namespace classic_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;
using support::failure;
using support::Mentions;
using support::MentionsAll;
namespace fs = std::filesystem;

namespace {

std::string describe(const launch::LaunchFile& file) {
  std::string text;
  for (const auto& process : file.processes)
    text += fmt::format("{}{} [{}]{} by {}\n", process.type, process.type == file.default_process ? "*" : "",
                        fmt::join(process.command, "|"), process.direct ? " direct" : "", process.buildpack);
  return text;
}

std::string content_of(const fs::path& file) { return base::read_file(file, 1 << 20); }

// What a script of a buildpack left in the application.
std::string left(const Workbench& bench, const std::string& name) {
  return content_of(bench.application() / name);
}

const std::string no_cache = "the build left no cache";
std::string kept(const Workbench& bench, const std::string& name) {
  const auto content = base::read_file_if_any(bench.cache() / "classic/current" / name, 1 << 20);
  return content.value_or(no_cache);
}

}  // namespace

TEST_CASE(
    "a classic buildpack is known by bin/detect and bin/compile, with a buildpack.toml that tells no API") {
  const base::TempDir scratch;
  const fs::path pack = write_classic(scratch.path() / "heroku-buildpack-x", {});
  CHECK(is_classic(pack));
  base::write_file(pack / "buildpack.toml", "[buildpack]\nname = \"X\"\n");
  CHECK(is_classic(pack));
  base::write_file(pack / "buildpack.toml", descriptor("acme/x"));
  CHECK_FALSE(is_classic(pack));
  base::write_file(pack / "buildpack.toml", "not TOML");
  CHECK_FALSE(is_classic(pack));
  fs::remove(pack / "buildpack.toml");
  base::write_file(pack / "bin/build", "");
  CHECK_FALSE(is_classic(pack));
  fs::remove(pack / "bin/build");
  fs::remove(pack / "bin/compile");
  CHECK_FALSE(is_classic(pack));
}

TEST_CASE("the id of a classic buildpack is the last part of where it comes from") {
  struct Row {
    std::string name;
    std::string id;
  };
  const Row rows[] = {
      {"https://example.org/acme/heroku-buildpack-c.git", "classic/heroku-buildpack-c"},
      {"/srv/packs/own_pack/", "classic/own-pack"},
      {"./own.tar.gz", "classic/own"},
      {"packs/\xc3\xa9t\xc3\xa9", "classic/--t--"},
      {"/", "classic/buildpack"},
      {"/srv/own-pack/.git", "classic/own-pack"},
      {"./.git", "classic/buildpack"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(classic_id(row.name) == row.id);
  }
}

TEST_CASE("the version of a classic buildpack changes with its files, and with nothing else") {
  const base::TempDir scratch;
  const Buildpack one = load_buildpack(write_classic(scratch.path() / "one", {}));
  const Buildpack same = load_buildpack(write_classic(scratch.path() / "two/one", {}));
  const Buildpack other = load_buildpack(write_classic(scratch.path() / "three/one", {.compile = "exit 1"}));
  CHECK(one.version.size() == 12);
  CHECK(one.describe() == same.describe());
  CHECK(one.version != other.version);
}

TEST_CASE("classic detection: 0 applies and names what it found, all else does not apply and is no failure") {
  Workbench bench;
  base::write_file(bench.application() / "hello.txt", "hello");
  const Buildpack yes = bench.classic("yes", {.detect = "[[ -f $1/hello.txt ]] && echo Hello"});
  const Buildpack no = bench.classic("no", {.detect = "echo nothing for me; exit 1"});
  const Buildpack gone = bench.classic("gone", {.detect = "exec /no/such/program"});
  Store store;
  Order order(1);
  for (const Buildpack& pack : {yes, no, gone}) {
    store.add(pack);
    order.front().push_back({pack.id, pack.version, true, {}});
  }
  const Site site(bench.workshop(), store);
  const Detection detection = buildpack::detect(order, store, site);
  REQUIRE(detection.answers.size() == 3);
  CHECK(detection.answers[0].kind == Answer::Kind::applies);
  CHECK(detection.answers[0].display_name == "Hello");
  CHECK(detection.answers[0].said.empty());
  CHECK(detection.answers[1].kind == Answer::Kind::does_not);
  CHECK(detection.answers[1].said == "\n  | nothing for me");
  CHECK(detection.answers[2].kind == Answer::Kind::does_not);
  REQUIRE(detection.selection);
  CHECK(detection.selection->packs.size() == 1);
  CHECK(failure([&] {
          detect({yes, no}, Need::all, bench.workshop());
        }) == MentionsAll{{"classic/no@", "does not apply", "nothing for me"}});
}

TEST_CASE("a classic detection that is killed is a failure") {
  Workbench bench;
  const Buildpack pack = bench.classic("dies", {.detect = "kill -SEGV $$"});
  CHECK(failure([&] { detect({pack}, Need::any, bench.workshop()); }) ==
        MentionsAll{{"could not be asked", "killed by signal 11"}});
}

TEST_CASE("bin/compile changes the application and stands in a copy of its buildpack that it may write") {
  Workbench bench;
  const Buildpack pack = bench.classic(
      "x", {.compile = "touch here && cat bin/compile >/dev/null && [[ ! -e $1/bin ]] && pwd >$1/was"});
  bench.build({pack});
  const std::string was = left(bench, "was");
  CHECK(was.find(pack.directory.native()) == std::string::npos);
  CHECK(was.ends_with("/classic_x\n"));
  CHECK_FALSE(fs::exists(pack.directory / "here"));
  CHECK((fs::status(pack.directory / "bin/compile").permissions() & fs::perms::owner_exec) ==
        fs::perms::none);
}

TEST_CASE(
    "the project's variables are files for bin/compile and nothing else, those of the operator above them") {
  Workbench bench;
  bench.settings.environment = {{"GREETING", "hello\n"}, {"STACK", "own-stack"}, {"BOTH", "project"}};
  fs::create_directories(bench.build_config() / "env");
  base::write_file(bench.build_config() / "env/BOTH.override", "operator");
  bench.source_version = "0123abcd";
  bench.build({bench.classic("x", {.compile = "cp -r \"$3\" $1/variables; env | sort >$1/environment"})});
  CHECK(left(bench, "variables/GREETING") == "hello\n");
  CHECK(left(bench, "variables/BOTH") == "operator");
  const std::string environment = "\n" + left(bench, "environment");
  CHECK(environment ==
        MentionsAll{{"\nSTACK=own-stack\n", "\nSOURCE_VERSION=0123abcd\n", "\nBOTH=operator\n", "\nHOME="}});
  CHECK(environment.find("GREETING") == std::string::npos);
  CHECK(environment.find("CNB_") == std::string::npos);
  CHECK(environment.find("GIT_DIR") == std::string::npos);
}

TEST_CASE(
    "without another word STACK is the one whose binaries run here, and without a commit there is no "
    "version") {
  Workbench bench;
  bench.build({bench.classic("x", {.compile = "echo $STACK ${SOURCE_VERSION-none} >$1/said"})});
  CHECK(left(bench, "said") == "heroku-22 none\n");
}

TEST_CASE(
    "what a classic buildpack exports is there for those behind it, of both kinds, and not for its release") {
  Workbench bench;
  const Buildpack first = bench.classic(
      "first", {.compile = "printf 'set -eu\\nexport TOOL=%s PATH=/own:$PATH\\nfalse\\n' $PWD >export",
                .release = "echo \"config_vars: {SEEN: '${TOOL-nothing}'}\""});
  const Buildpack second = bench.classic("second", {.compile = "echo \"$TOOL $PATH\" >$1/second"});
  const Buildpack third = bench.pack("acme/third", {.build = "echo \"$TOOL $PATH\" >third"});
  const launch::LaunchFile file = bench.build({first, second, third});
  CHECK(left(bench, "second") == Mentions{"/classic_first /own:/usr/local/sbin:"});
  CHECK(left(bench, "third") == left(bench, "second"));
  CHECK(content_of(bench.application() / ".layers/classic_second/classic/env.launch/SEEN.default") ==
        "nothing");
}

TEST_CASE("what the operator adds to a variable stands once in what a classic buildpack made of it") {
  Workbench bench;
  fs::create_directories(bench.build_config() / "env");
  base::write_file(bench.build_config() / "env/PATH.append", "/operator");
  base::write_file(bench.build_config() / "env/PATH.delim", ":");
  const Buildpack first = bench.classic("first", {.compile = "echo 'export PATH=/own:$PATH' >export"});
  const Buildpack second = bench.classic("second", {.compile = "echo \"$PATH\" >$1/second"});
  const Buildpack third = bench.pack("acme/third", {.build = "echo \"$PATH\" >third"});
  bench.build({first, second, third});
  const std::string usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  CHECK(left(bench, "second") == "/own:" + usual + ":/operator\n");
  CHECK(left(bench, "third") == left(bench, "second"));
}

TEST_CASE("an export that tells nothing is a warning, and the build goes on") {
  Workbench bench;
  bench.build({bench.classic("x", {.compile = "echo 'trap - EXIT; exit 3' >export"})});
  REQUIRE(bench.warnings.size() == 1);
  CHECK(bench.warnings[0] == Mentions{"classic/x: its file 'export'"});
}

TEST_CASE("a classic buildpack sees what the layers of those before give to a build") {
  Workbench bench;
  const Buildpack layers = bench.pack(
      "acme/layers", {.build = "mkdir -p $1/tools/bin $1/tools/env; echo -n yes >$1/tools/env/TOOLS; "
                               "printf '[types]\\nbuild = true\\n' >$1/tools.toml"});
  bench.build({layers, bench.classic("x", {.compile = "echo \"$TOOLS $PATH\" >$1/said"})});
  CHECK(left(bench, "said") == MentionsAll{{"yes ", "/.layers/acme_layers/tools/bin:"}});
}

TEST_CASE(
    "processes come from the last bin/release that names some, the Procfile stands above it, and each knows "
    "its name") {
  Workbench bench;
  const auto release = [](const std::string& types) {
    return "echo noise >&2; echo \"default_process_types: {" + types + "}\"";
  };
  const Buildpack one = bench.classic("one", {.release = release("web: one, old: one")});
  const Buildpack two = bench.classic("two", {.release = release("web: two, clock: tick")});
  const Buildpack empty = bench.classic("empty", {.release = "echo '--- {}'"});
  const Buildpack none = bench.classic("none", {});
  CHECK(describe(bench.build({one, two, empty, none})) ==
        "clock [tick] by classic/none\nweb* [two] by classic/none\n");

  bench.begin_again();
  base::write_file(bench.application() / "Procfile", "web: ./mine && true\nworker: ./work\n");
  CHECK(
      describe(bench.build({one, two})) ==
      "clock [tick] by classic/two\nweb* [./mine && true] by classic/two\nworker [./work] by classic/two\n");
}

TEST_CASE("a default process of an earlier buildpack that a classic one replaces is told") {
  Workbench bench;
  const Buildpack first = bench.pack(
      "acme/first", {.build = "printf '[[processes]]\\ntype = \"worker\"\\ncommand = [\"one\"]\\ndefault = "
                              "true\\n' >$1/launch.toml"});
  bench.build({first, bench.classic("x", {.release = "echo 'default_process_types: {worker: other}'"})});
  REQUIRE(bench.warnings.size() == 1);
  CHECK(bench.warnings[0] == MentionsAll{{"classic/x: ", "worker"}});
}

TEST_CASE("a bin/release that fails, or prints what it should not, fails the build and is named") {
  Workbench bench;
  CHECK(failure([&] { bench.build({bench.classic("x", {.release = "exit 7"})}); }) ==
        Mentions{"bin/release of the buildpack classic/x exited with status 7"});
  CHECK(failure([&] { bench.build({bench.classic("y", {.release = "echo Rails"})}); }) ==
        MentionsAll{{"fault 5", "the buildpack classic/y", "bin/release", "instead of a map"}});
}

TEST_CASE("what bin/release prints is not read through a link that it made") {
  Workbench bench;
  const Buildpack pack = bench.classic("x", {.release = "rm ../released; ln -s /etc/passwd ../released"});
  CHECK(failure([&] { bench.build({pack}); }) == MentionsAll{{"the buildpack classic/x", "released"}});
}

TEST_CASE("a bin/compile that fails fails the build") {
  Workbench bench;
  CHECK(failure([&] { bench.build({bench.classic("x", {.compile = "exit 3"})}); }) ==
        Mentions{"the buildpack classic/x exited with status 3"});
}

TEST_CASE("one cache serves all classic buildpacks of an application, and only a success changes it") {
  Workbench bench;
  const std::string count =
      "n=$(cat $2/n 2>/dev/null || echo 0); echo $((n + 1)) >$2/n; echo $2 >$1/where; [[ ! -e $1/fail ]]";
  const Buildpack one = bench.classic("one", {.compile = count});
  const Buildpack two = bench.classic("two", {.compile = count});
  bench.build({one, two});
  CHECK(kept(bench, "n") == "2\n");
  const std::string where = left(bench, "where");

  bench.begin_again();
  base::write_file(bench.application() / "fail", "");
  CHECK(failure([&] { bench.build({one, two}); }) == Mentions{"exited with status 1"});
  CHECK(kept(bench, "n") == "2\n");

  bench.begin_again();
  bench.build({one, two});
  CHECK(kept(bench, "n") == "4\n");
  CHECK(left(bench, "where") == where);
  CHECK_FALSE(fs::exists(bench.cache() / "classic/next"));
}

TEST_CASE("a build that takes the rights of its cache away hinders no later one") {
  Workbench bench;
  const Buildpack pack = bench.classic(
      "x", {.compile = "stat -c %a $2 >$1/mode; touch $2/there; chmod 500 $2; [[ ! -e $1/fail ]]"});
  bench.build({pack});
  bench.begin_again();
  base::write_file(bench.application() / "fail", "");
  CHECK(failure([&] { bench.build({pack}); }) == Mentions{"exited with status 1"});
  CHECK(left(bench, "mode") == "755\n");
  bench.begin_again();
  bench.build({pack});
  CHECK(left(bench, "mode") == "755\n");
  CHECK(kept(bench, "there").empty());
}

TEST_CASE("bake.yaml and .bake survive a classic buildpack that replaces the application") {
  Workbench bench;
  base::write_file(bench.application() / "bake.yaml", "name: shop\n");
  fs::create_directories(bench.application() / ".bake/hooks");
  base::write_file(bench.application() / ".bake/hooks/post_deploy", "#!/bin/sh\n", 0755);
  bench.build({bench.classic("x", {.compile = "shopt -s dotglob; rm -rf \"$1\"/*; touch $1/new"})});
  CHECK(left(bench, "bake.yaml") == "name: shop\n");
  CHECK(left(bench, ".bake/hooks/post_deploy") == "#!/bin/sh\n");
  CHECK((fs::status(bench.application() / ".bake/hooks/post_deploy").permissions() & fs::perms::owner_exec) !=
        fs::perms::none);
  CHECK(fs::exists(bench.application() / "new"));
}

TEST_CASE("a classic buildpack that removes the layers of one before it fails the build") {
  Workbench bench;
  const Buildpack layers =
      bench.pack("acme/layers", {.build = "mkdir $1/lib; printf '[types]\\nlaunch = true\\n' >$1/lib.toml"});
  const Buildpack pack = bench.classic("x", {.compile = "rm -rf $1/.layers"});
  CHECK(failure([&] {
          bench.build({layers, pack});
        }) == MentionsAll{{"the buildpack classic/x", "it removed the layer 'lib' of acme/layers"}});
}

TEST_CASE("the checker asks of a classic buildpack that its programs can run, and advises of lost bits") {
  const base::TempDir scratch;
  const fs::path pack = write_classic(scratch.path() / "x", {.detect = "exit 1", .compile = "exit 0"});
  const Findings findings = check_buildpack(pack, scratch.path());
  CHECK_FALSE(has_faults(findings));
  REQUIRE(findings.size() == 2);
  CHECK(findings[1].place == "bin/compile");
  base::write_file(pack / "bin/release", "no interpreter\n", 0755);
  CHECK(has_faults(check_buildpack(pack, scratch.path())));
}

}  // namespace classic_test
