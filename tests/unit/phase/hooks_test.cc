#include "phase/hooks.hh"

#include "base/dir.hh"
#include "base/error.hh"
#include "base/process.hh"
#include "base/process_group.hh"
#include "scene.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include <unistd.h>

namespace hooks_test {

using namespace bakehouse;
using namespace bakehouse::phase;
using base::TreePath;
using Kind = Record::Kind;
using text::Value;

namespace {

class HookScene : public Scene {
 public:
  // Programs cannot be executed from every place in memory.
  HookScene() : Scene(std::filesystem::temp_directory_path()) {}

  void add(const std::string& name, const std::string& script) {
    add_file(name, "#!/bin/sh\n" + script + "\n");
  }
  void add_file(const std::string& name, const std::string& content) {
    const base::Dir dir = base::Dir::open(path());
    {
      const base::Fd file = dir.create_file(TreePath::parse(name), 0755);
      base::write_all(file, content, name);
    }
    hooks_.push_back({name, dir.open_file(TreePath::parse(name))});
  }
  HookRun call() const {
    HookRun run;
    run.phase = "post_deploy";
    run.environment = {"PATH=/usr/bin:/bin", "JOURNAL=" + journal_path().native()};
    run.directory = path();
    run.log = path() / "hooks.log";
    return run;
  }
  void run(Journal* journal = nullptr) { run_hooks(hooks_, call(), journal, around()); }
  void run(const HookRun& call, const Surroundings& around) { run_hooks(hooks_, call, nullptr, around); }
  std::string log() const {
    return base::read_file_if_any(path() / "hooks.log", largest_test_file).value_or("");
  }

 private:
  std::vector<HookProgram> hooks_;
};

// Ends are seen soon after they were caused, never at once.
bool ends_soon(pid_t pid) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (base::identify_process(pid)) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    base::system_clock().wait(std::chrono::milliseconds(5));
  }
  return true;
}

// A group of its own, whose leader prints the pid of its child and ends or stays.
struct Group {
  base::Process leader;
  base::ProcessId id;
  pid_t child;
};
Group start_group(const std::string& then) {
  base::Pipe pipe = base::make_pipe();
  base::ProcessId id;
  base::Command command;
  command.argv = {"/bin/sh", "-c", "sleep 1000 >/dev/null 2>&1 & echo $!; exec >/dev/null; " + then};
  command.environment = {"PATH=/usr/bin:/bin"};
  command.output = &pipe.write;
  command.before_exec = [&](pid_t pid) { id = *base::identify_process(pid); };
  base::Process leader = base::Process::start(command);
  pipe.write.reset();
  char text[32] = {};
  size_t size = 0;
  while (std::find(text, text + size, '\n') == text + size) {
    const size_t count = base::read_some(pipe.read, {text + size, sizeof text - 1 - size}, "a pipe");
    REQUIRE(count > 0);
    size += count;
  }
  return {std::move(leader), id, static_cast<pid_t>(std::stol(text))};
}

Value process_facts(const base::ProcessId& id, const std::string& boot = base::boot_id()) {
  return Value::map(
      {{"hook", "post_deploy"}, {"pid", int64_t{id.pid}}, {"start", id.start_time}, {"boot", boot}});
}

Journal journal_of(const Scene& scene, const Value& facts) {
  Journal journal = scene.new_journal();
  journal.append({Kind::process, "post_deploy", facts, 1001});
  return journal;
}

}  // namespace

TEST_CASE("what hooks print goes to the log and to whoever watches, in the order of the hooks") {
  HookScene scene;
  scene.add("one", "echo out; echo err >&2; printf 'no line end'");
  scene.add("two", "echo second");
  scene.run();
  CHECK(scene.log() == "[one] out\n[one] err\n[one] no line end\n[two] second\n");
  CHECK(scene.told == std::vector<std::string>{"out", "err", "no line end", "second"});
}

TEST_CASE("the log of earlier hooks is kept") {
  HookScene scene;
  scene.add("one", "echo again");
  scene.run();
  scene.run();
  CHECK(scene.log() == "[one] again\n[one] again\n");
}

TEST_CASE("a hook gets the environment, the directory and nothing else") {
  HookScene scene;
  scene.add("one", "pwd; env | sort | grep -v ^_=; cat; ls /proc/self/fd | wc -l");
  HookRun call = scene.call();
  call.directory = "/";
  call.environment = {"PATH=/usr/bin:/bin", "A=b"};
  ::setenv("BAKEHOUSE_TEST_SECRET", "s3cret", 1);
  scene.run(call, scene.around());
  ::unsetenv("BAKEHOUSE_TEST_SECRET");
  // 0, 1, 2, the script's own descriptor where the shell keeps it, and the one that `ls` opens.
  CHECK(scene.log().starts_with("[one] /\n[one] A=b\n[one] PATH=/usr/bin:/bin\n[one] PWD=/\n[one] "));
  CHECK(scene.log().find("s3cret") == std::string::npos);
}

TEST_CASE("the first hook that fails ends the phase, with its last lines") {
  HookScene scene;
  scene.add("good", "true");
  scene.add("post_deploy.bad", "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do echo line $i; done; exit 3");
  scene.add("never", "echo never");
  const std::string error = thrown_by([&] { scene.run(); });
  CHECK(error ==
        "5: the hook 'post_deploy.bad' exited with status 3\n  | line 3\n  | line 4\n  | line 5\n  | line 6\n"
        "  | line 7\n  | line 8\n  | line 9\n  | line 10\n  | line 11\n  | line 12");
  CHECK(scene.log().find("never") == std::string::npos);
}

TEST_CASE("control characters and broken UTF-8 of a hook stay out of the message") {
  HookScene scene;
  scene.add("bad", R"(printf '\033[31mred\377\n'; exit 1)");
  CHECK(thrown_by([&] { scene.run(); }) == R"(5: the hook 'bad' exited with status 1
  | \033[31mred\377)");
}

TEST_CASE("neither the log nor the journal gets the escape sequences of a hook or of its name") {
  HookScene scene;
  scene.add("a\xff\033[2J", R"(printf '\033[31mred\377\n')");
  Journal journal = scene.new_journal();
  scene.run(&journal);
  CHECK(scene.log() == "[a\\377\\033[2J] \\033[31mred\\377\n");
  CHECK(journal.records().back().facts.string_at("hook") == "a\\377\\033[2J");
}

TEST_CASE("long lines of a hook are cut in the message and whole in the log") {
  HookScene scene;
  scene.add("bad", "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do printf '%060000d\\303\\251\\n' $i; done; exit 1");
  const std::string error = thrown_by([&] { scene.run(); });
  CHECK(error.size() < 4400);
  CHECK(error.ends_with("\n  | " + std::string(400, '0')));
  CHECK(scene.log().size() > 12 * 60000);
}

TEST_CASE("a line that is cut within a character stays UTF-8") {
  HookScene scene;
  scene.add("bad", "printf '%0399d\\303\\251\\n' 0; exit 1");
  CHECK(thrown_by([&] { scene.run(); }).ends_with("0\\303"));
}

TEST_CASE("a hook that a signal ends has failed") {
  HookScene scene;
  scene.add("bad", "kill -KILL $$");
  CHECK(thrown_by([&] { scene.run(); }) == "5: the hook 'bad' was killed by signal 9 (Killed)");
}

TEST_CASE("a hook that cannot be executed has failed") {
  const struct {
    std::string content;
    std::string said;
    std::string hint;
  } rows[] = {
      {"#!/no/such/interpreter\n", "No such file or directory",
       "the interpreter that its first line names may be missing here"},
      {"echo no first line\n", "Exec format error",
       "it is neither a program of this machine nor a script that begins with #!"},
      {"#!/\n", "Permission denied", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.content);
    HookScene scene;
    scene.add_file("bad", row.content);
    std::string hint;
    const std::string error = thrown_by([&] {
      try {
        scene.run();
      } catch (const base::Error& error) {
        hint = error.hint();
        throw;
      }
    });
    CHECK(error == "5: the hook 'bad': cannot execute 'bad': " + row.said);
    CHECK(hint == row.hint);
  }
}

TEST_CASE("a hook that takes too long is ended with all that it started") {
  HookScene scene;
  scene.add("slow", "sleep 1000 & echo $!; wait");
  HookRun call = scene.call();
  call.settings.time_limit = std::chrono::milliseconds(300);
  const std::string error = thrown_by([&] { scene.run(call, scene.around()); });
  CHECK(error.starts_with("5: the hook 'slow' ran longer than its limit and was ended"));
  CHECK(ends_soon(static_cast<pid_t>(std::stol(scene.told.at(0)))));
}

TEST_CASE("what a hook leaves behind in its group is ended with it") {
  HookScene scene;
  scene.add("daemon", "sleep 1000 & echo $!");
  scene.run();
  CHECK(ends_soon(static_cast<pid_t>(std::stol(scene.told.at(0)))));
}

TEST_CASE("what a hook puts into a session of its own is ended with it, too, whichever way the hook ends") {
  for (const std::string end : {"exit 0", "exit 1"}) {
    CAPTURE(end);
    HookScene scene;
    scene.add("post_deploy", "setsid sleep 600 & echo $! >child; until [ -s child ]; do :; done; " + end);
    HookRun call = scene.call();
    call.marks = {"MARK=" + scene.path().native(), "PHASE="};
    call.environment.push_back(call.marks.front());
    call.environment.emplace_back("PHASE=post_deploy");
    try {
      scene.run(call, scene.around());
    } catch (const base::Error& error) {
      CHECK(error.fault() == base::Fault::build);
    }
    CHECK(ends_soon(std::stoi(base::read_file(scene.path() / "child", 100))));
    CHECK(base::processes_with(call.marks).empty());
  }
}

TEST_CASE("recovery ends what bears the marks of a transaction, and nothing that bears some of them") {
  HookScene scene;
  const std::string place = "MARK=" + scene.path().native();
  const auto start = [](const std::vector<std::string>& environment) {
    base::Command command;
    command.argv = {"/bin/sleep", "600"};
    command.environment = environment;
    return base::Process::start(command);
  };
  base::Process marked = start({place, "PHASE=x"});
  const base::Process other = start({place, "PHASES=x"});
  end_recorded_processes(scene.new_journal(), {place, "PHASE="}, scene.around());
  CHECK(marked.wait().signal == SIGKILL);
  CHECK(base::identify_process(other.pid()));
}

TEST_CASE("a cancelled hook is ended") {
  HookScene scene;
  scene.add("slow", "echo started; sleep 1000");
  bool cancelled = false;
  Surroundings around = scene.around();
  around.events = [&](const base::Event&) { cancelled = true; };
  around.cancelled = [&] { return cancelled; };
  CHECK(thrown_by([&] { scene.run(scene.call(), around); }).starts_with("5: the hook 'slow' was cancelled"));
}

TEST_CASE("the journal knows a hook before the hook does anything") {
  HookScene scene;
  // The hook itself looks for its pid.
  scene.add("look", "grep -aq \"\\\"pid\\\":$$,\" \"$JOURNAL\" && echo known");
  Journal journal = scene.new_journal();
  scene.run(&journal);
  CHECK(scene.told == std::vector<std::string>{"known"});
  CHECK(describe(journal.records()) == "open, process post_deploy");
  const Value& facts = journal.records().back().facts;
  CHECK(facts.string_at("hook") == "look");
  CHECK(facts.string_at("boot") == base::boot_id());
  CHECK(facts.unsigned_at("start") > 0);
}

TEST_CASE("a hook that the journal could not be told of does not run") {
  HookScene scene;
  scene.add("never", "echo ran");
  Journal journal = scene.new_journal();
  Surroundings around = scene.around();
  around.clock.now = []() -> std::chrono::system_clock::time_point {
    throw base::Error(base::Fault::internal, "no time");
  };
  HookRun call = scene.call();
  std::vector<HookProgram> hooks;
  hooks.push_back({"never", base::Dir::open(scene.path()).open_file(TreePath::parse("never"))});
  CHECK(thrown_by([&] { run_hooks(hooks, call, &journal, around); }) == "1: no time");
  CHECK(scene.log().empty());
}

TEST_CASE("recovery ends a recorded hook that still runs, and what it started") {
  Scene scene;
  Group group = start_group("wait");
  const Journal journal = journal_of(scene, process_facts(group.id));
  end_recorded_processes(journal, {}, scene.around());
  CHECK(group.leader.wait().signal == SIGKILL);
  CHECK(ends_soon(group.child));
}

TEST_CASE("recovery ends what a hook started also when the hook itself is gone") {
  // A killed engine takes the hook with it, but not the hook's own children.
  Scene scene;
  Group group = start_group("exit 0");
  REQUIRE(group.leader.wait().ok());
  REQUIRE(base::identify_process(group.child));
  end_recorded_processes(journal_of(scene, process_facts(group.id)), {}, scene.around());
  CHECK_FALSE(base::identify_process(group.child));
}

TEST_CASE("a stranger with the pid of a hook that is gone is left alone") {
  Scene scene;
  Group stranger = start_group("wait");
  base::ProcessId other = stranger.id;
  other.start_time -= 1;
  end_recorded_processes(journal_of(scene, process_facts(other)), {}, scene.around());
  CHECK_FALSE(stranger.leader.poll());
  CHECK(base::identify_process(stranger.child));
  stranger.leader.stop(std::chrono::seconds(10));
}

TEST_CASE("the processes of an earlier boot are not looked for") {
  Scene scene;
  Group stranger = start_group("wait");
  end_recorded_processes(journal_of(scene, process_facts(stranger.id, "another boot")), {}, scene.around());
  CHECK_FALSE(stranger.leader.poll());
  stranger.leader.stop(std::chrono::seconds(10));
}

TEST_CASE("with nothing left recovery goes on at once") {
  Scene scene;
  Group group = start_group("wait");
  group.leader.stop(std::chrono::seconds(10));
  CHECK(ends_soon(group.child));
  end_recorded_processes(journal_of(scene, process_facts(group.id)), {}, scene.around());
  end_recorded_processes(scene.new_journal(), {}, scene.around());
}

}  // namespace hooks_test
