// What happens to a process before it starts, seen from the process.
#include "helper.hh"
#include "launch/launch_file.hh"
#include "support/tree_literal.hh"

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace prepare_test {

using namespace bakehouse;
using namespace launch_test;
using launch::LaunchFile;
using launch::LaunchProcess;
using launch::UserArgs;
using support::File;
using support::Link;
using support::Tree;

namespace {

// An application with the layers x and y of the buildpack "a/one", and z of "two".
class Application {
 public:
  Application(LaunchFile file, Tree tree) : file_(std::move(file)) {
    file_.buildpacks = {{"a/one", {"x", "y"}}, {"two", {"z"}}};
    for (const char* folder : {".layers/a_one/x", ".layers/a_one/y", ".layers/two/z", "inner"})
      tree.emplace(folder, support::Folder{});
    tree.emplace(".bakehouse/launch.json", File{format_launch(file_)});
    support::make_tree(base::Dir::open(scratch_.path()), tree);
  }
  std::string path() const { return fs::canonical(scratch_.path()).native(); }
  Outcome run(const Words& words, const Words& environment = {"PATH=/usr/bin:/bin"}) const {
    Words arguments{path()};
    arguments.insert(arguments.end(), words.begin(), words.end());
    return launch_test::launch(arguments, environment);
  }

 private:
  base::TempDir scratch_;
  LaunchFile file_;
};

LaunchFile with_process(LaunchProcess process) {
  LaunchFile file;
  process.type = "web";
  file.processes = {std::move(process)};
  return file;
}

LaunchProcess direct(Words command, Words args = {}) {
  LaunchProcess process;
  process.command = std::move(command);
  process.args = std::move(args);
  return process;
}

LaunchProcess by_bash(const std::string& command, Words args = {}) {
  LaunchProcess process = direct({command}, std::move(args));
  process.direct = false;
  process.user_args = UserArgs::append;
  return process;
}

// Says its name, and `says` on descriptor 3.
File exec_d(const std::string& name, const std::string& says = "") {
  return {"#!/bin/bash\necho " + name + "\nprintf '" + says + "' >&3\n", 0755};
}

}  // namespace

TEST_CASE("1.9 environment: layers of all buildpacks, in their order") {
  const Application application(with_process(direct({"/usr/bin/env"})),
                                {{".layers/a_one/x/bin/p", File{""}},
                                 {".layers/a_one/y/bin/p", File{""}},
                                 {".layers/two/z/bin/p", File{""}},
                                 {".layers/two/z/lib/l", File{""}},
                                 {".layers/two/z/env.launch/web/A.append", File{"2"}},
                                 {".layers/a_one/x/env.launch/A.append", File{"1"}}});
  const std::string layers = application.path() + "/.layers/";
  CHECK(application.run({"web"}).lines == Words{"A=12", "LD_LIBRARY_PATH=" + layers + "two/z/lib",
                                                "PATH=" + layers + "two/z/bin:" + layers +
                                                    "a_one/y/bin:" + layers + "a_one/x/bin:/usr/bin:/bin"});
}

TEST_CASE("1.9 direct: the program is looked up in the PATH that the layers made") {
  const Application application(
      with_process(direct({"hello"}, {"$PATH", "two words"})),
      {{".layers/two/z/bin/hello", File{"#!/bin/sh\nprintf '%s\\n' \"$@\"\n", 0755}}});
  CHECK(application.run({"web"}).lines == Words{"$PATH", "two words"});
  CHECK(application.run({"web", "x"}).lines == Words{"x"});
  CHECK(application.run({"--", "hello", "$HOME"}).lines == Words{"$HOME"});
}

TEST_CASE("1.9 the release may lie anywhere") {
  const base::TempDir elsewhere;
  const Application application(with_process(direct({"hello"})),
                                {{".layers/two/z/bin/hello", File{"#!/bin/sh\necho \"$0\"\n", 0755}}});
  const std::string moved = (elsewhere.path() / "moved").native();
  fs::copy(application.path(), moved, fs::copy_options::recursive);
  CHECK(launch_test::launch({moved, "web"}).lines == Words{moved + "/.layers/two/z/bin/hello"});
  fs::create_directory_symlink(moved, elsewhere.path() / "run");
  const std::string run = (elsewhere.path() / "run").native();
  CHECK(launch_test::launch({run + "/", "web"}).lines == Words{run + "/.layers/two/z/bin/hello"});
}

TEST_CASE("1.9 process: by the name that the helper is called by") {
  const base::TempDir names;
  fs::create_symlink(helper(), names.path() / "web");
  const Application application(with_process(direct({"echo"}, {"own"})), {});
  CHECK(launch_test::launch({application.path()}, {"PATH=/usr/bin"}, names.path() / "web").lines ==
        Words{"own"});
  CHECK(launch_test::launch({application.path(), "web"}, {"PATH=/usr/bin"}, names.path() / "web").lines ==
        Words{"web"});
}

TEST_CASE("1.9 process: the helper's own name calls for no process of that name") {
  LaunchFile file = with_process(direct({"echo", "web"}));
  file.processes.push_back(direct({"echo", "launch"}));
  file.processes.back().type = "launch";
  const Application application(file, {});
  CHECK(application.run({"web"}).lines == Words{"web"});
  CHECK(application.run({"launch"}).lines == Words{"launch"});
}

TEST_CASE("1.9 process: CNB_EXEC_ENV decides what exists") {
  LaunchProcess process = direct({"echo", "checked"});
  process.exec_env = {"test"};
  const Application application(with_process(process), {});
  CHECK(application.run({"web"}).status.code == 82);
  CHECK(application.run({"web"}, {"PATH=/usr/bin", "CNB_EXEC_ENV=test"}).lines == Words{"checked"});
}

TEST_CASE("1.9 exec.d: layer by layer, each with what those before it said") {
  const Application application(
      with_process(direct({"/bin/sh", "-c", "echo $A $B"})),
      {{".layers/a_one/x/exec.d/1", exec_d("x/1", "A = \"1\"\\n")},
       {".layers/a_one/x/exec.d/web/1", exec_d("x/web/1", "A = \"$A-web\"\\nB = \"b\"\\n")},
       {".layers/a_one/x/exec.d/worker/1", exec_d("never")},
       {".layers/a_one/y/exec.d/2", Link{"../../../../program"}},
       {"program", {File{"#!/bin/bash\necho \"${0##*/} $A $B\"\n", 0755}}},
       {".layers/two/z/exec.d/web/3", exec_d("z/web/3", "B = \"last\"\\n")}});
  CHECK(application.run({"web"}).lines == Words{"x/1", "x/web/1", "2 $A-web b", "z/web/3", "$A-web last"});
  CHECK(application.run({"--", "true"}).lines == Words{"x/1", "2 1 "});
}

TEST_CASE("1.9 exec.d: in the application, without input, with the environment of the layers") {
  const Application application(
      with_process(direct({"true"})),
      {{".layers/two/z/env/A", File{"layer"}},
       {".layers/two/z/exec.d/p", File{"#!/bin/bash\npwd -P; cat; echo $A; echo oops >&2\n", 0755}}});
  CHECK(application.run({"web"}).lines == Words{application.path(), "layer", "oops"});
}

TEST_CASE("1.9 exec.d: a failure, or what is not understood, is 82 and names the program") {
  const struct {
    File program;
    std::string reason;
  } rows[] = {
      {{"#!/bin/sh\nexit 3\n", 0755}, "exited with status 3"},
      {{"#!/bin/sh\nkill -9 $$\n", 0755}, "was killed by signal 9 (Killed)"},
      {{"#!/bin/sh\necho 'A = 1' >&3\n", 0755},
       "what it wrote to descriptor 3: line 1: not a string in quotes"},
      {{"#!/bin/sh\nhead -c 2000000 /dev/zero >&3\n", 0755}, "wrote more than 1048576 bytes to descriptor 3"},
      {{"text", 0644}, "cannot execute '{}': Permission denied"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.reason);
    const Application application(with_process(direct({"echo", "started"})),
                                  {{".layers/two/z/exec.d/p", row.program}});
    const std::string program = application.path() + "/.layers/two/z/exec.d/p";
    const auto outcome = application.run({"web"});
    CHECK(outcome.status.code == 82);
    CHECK(outcome.lines ==
          Words{"launch: " + program + ": " + fmt::format(fmt::runtime(row.reason), program)});
  }
}

TEST_CASE("1.9 exec.d: what a program leaves running holds nothing up") {
  const Application application(
      with_process(direct({"/bin/sh", "-c", "kill $LEFT; echo started"})),
      {{".layers/two/z/exec.d/p",
        File{"#!/bin/bash\nsleep 600 >/dev/null 2>&1 &\necho \"LEFT = \\\"$!\\\"\" >&3\n", 0755}}});
  CHECK(application.run({"web"}).lines == Words{"started"});
}

TEST_CASE("1.9 shell: the command is a script of bash, in the application or where it wants") {
  LaunchProcess process = by_bash("cd /; cd - >/dev/null; echo $A $((1 + 2)) && pwd -P; exit 7");
  CHECK(Application(with_process(process), {}).run({"web"}, {"A=a"}).status.code == 7);
  process.working_directory = "inner";
  for (const Tree& profile : {Tree{}, Tree{{".profile", File{"export A=profile; cd /\n"}}}}) {
    const Application application(with_process(process), profile);
    const auto outcome = application.run({"web"}, {"A=a"});
    CHECK(outcome.status.code == 7);
    CHECK(outcome.lines == Words{profile.empty() ? "a 3" : "profile 3", application.path() + "/inner"});
  }
}

TEST_CASE("1.9 shell: with arguments, each word is expanded, and a user's own follow") {
  const Application application(with_process(by_bash("$PROGRAM", {"$A", "-n", "'$(pwd -P)'", "*", "a  b"})),
                                {});
  const Words environment{"PROGRAM=/usr/bin/printf", "A=[%s]\\n"};
  CHECK(application.run({"web"}, environment).lines ==
        Words{"[-n]", "['" + application.path() + "']", "[*]", "[a  b]"});
  CHECK(application.run({"web", "", "\\$A", "$((1+1))"}, environment).lines ==
        Words{"[-n]", "['" + application.path() + "']", "[*]", "[a  b]", "[]", "[$A]", "[2]"});
  CHECK(application.run({"echo", "${A:1}", "x"}, environment).lines == Words{"%s]\\n x"});
}

TEST_CASE("1.9 profiles: layer by layer, those of the type after the others, last the application's") {
  const auto profile = [](const std::string& name) { return File{"V=\"$V " + name + "\"\n"}; };
  const Tree tree{{".layers/a_one/x/profile.d/b it's", profile("x/b")},
                  {".layers/a_one/x/profile.d/a", profile("x/a")},
                  {".layers/a_one/x/profile.d/web/a", profile("x/web/a")},
                  {".layers/a_one/x/profile.d/worker/a", profile("never")},
                  {".layers/two/z/profile.d/a", profile("z/a")},
                  {".layers/two/z/exec.d/a", exec_d("exec.d", "V = \"exec.d\"\\n")},
                  {".profile", File{"export V=\"$V .profile $#\"; cd() { echo mine; }\n"}}};
  const std::string all = "exec.d x/a x/b x/web/a z/a .profile 0";
  const Application script(with_process(by_bash("echo $V")), tree);
  CHECK(script.run({"web"}).lines == Words{"exec.d", all});
  CHECK(script.run({"echo $V"}).lines == Words{"exec.d", "exec.d x/a x/b z/a .profile 0"});
  const Application words(with_process(by_bash("echo", {"$V"})), tree);
  CHECK(words.run({"web", "x"}).lines == Words{"exec.d", all + " x"});
}

TEST_CASE("1.9 profiles: a direct process has none") {
  const Tree tree{{".layers/two/z/profile.d/a", File{"echo profile\n"}},
                  {".profile", File{"echo profile\n"}}};
  const Application application(with_process(direct({"echo", "started"})), tree);
  CHECK(application.run({"web"}).lines == Words{"started"});
  CHECK(application.run({"--", "echo", "started"}).lines == Words{"started"});
}

TEST_CASE("1.9 profiles: one that exits ends the start") {
  const Application application(with_process(by_bash("echo started")), {{".profile", File{"exit 5\n"}}});
  const auto outcome = application.run({"web"});
  CHECK(outcome.status.code == 5);
  CHECK(outcome.lines.empty());
}

TEST_CASE("1.9 the process takes the place of the bash that read the profiles") {
  const Tree tree{{".profile", File{"echo $$\n"}}, {"show", File{"#!/bin/sh\necho $$\n", 0755}}};
  for (const Words& args : {Words{}, Words{"x"}}) {
    const Application application(with_process(by_bash("./show", args)), tree);
    const auto outcome = application.run({"web"});
    REQUIRE(outcome.lines.size() == 2);
    CHECK(outcome.lines[0] == outcome.lines[1]);
  }
}

TEST_CASE("1.9 a layer that is missing is 82") {
  const Application application(with_process(direct({"true"})), {});
  fs::remove_all(application.path() + "/.layers/two/z");
  const auto outcome = application.run({"web"});
  CHECK(outcome.status.code == 82);
  CHECK(outcome.lines == Words{"launch: cannot open the directory '" + application.path() +
                               "/.layers/two/z': No such file or directory"});
}

}  // namespace prepare_test
