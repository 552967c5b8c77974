#include "base/process.hh"

#include "base/error.hh"
#include "base/files.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <sstream>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace process_test {

using namespace bakehouse::base;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

using Lines = std::vector<std::string>;

const std::vector<std::string> environment = {"PATH=/usr/bin:/bin"};

Command shell(const std::string& script) {
  Command command;
  command.argv = {"sh", "-c", script};
  command.environment = environment;
  return command;
}

const Limits limit_of_50ms = [] {
  Limits limits;
  limits.time = 50ms;
  limits.grace = 60s;
  return limits;
}();

struct Outcome {
  ExitStatus status;
  Lines lines;
};

Outcome run_and_collect(Command command, const Limits& limits = {}) {
  Outcome outcome;
  outcome.status =
      run(std::move(command), limits, [&](std::string_view line) { outcome.lines.emplace_back(line); });
  return outcome;
}

void write_program(const fs::path& path, const std::string& text, mode_t mode = 0755) {
  write_file(path, text, mode);
}

// A line of /proc/self/status of a child, its words with one blank between them.
std::string status_line(const Identity& identity, const std::string& label) {
  Command command = shell("grep ^" + label + ": /proc/self/status");
  command.identity = identity;
  std::istringstream words(run_and_collect(command).lines.at(0).substr(label.size() + 1));
  std::string joined;
  for (std::string word; words >> word;) joined += (joined.empty() ? "" : " ") + word;
  return joined;
}

const Identity somebody = {1234, 2345, {2345, 3456}};

bool can_become_others() {
  if (::geteuid() != 0) MESSAGE("left out: only root can run a program as another user");
  return ::geteuid() == 0;
}

// What reads a pipe learns by its end that every process that held it has ended.
bool ends(const Fd& pipe) {
  std::string rest;
  char buffer[256];
  while (const size_t count = read_some(pipe, buffer, "pipe")) rest.append(buffer, count);
  return true;
}

}  // namespace

TEST_CASE("output comes line by line, both streams in their order") {
  const auto [status, lines] = run_and_collect(shell("echo one; echo two >&2; echo; printf 'no line end'"));
  CHECK(status.ok());
  CHECK(lines == Lines{"one", "two", "", "no line end"});
}

TEST_CASE("a program without output has no lines") { CHECK(run_and_collect(shell(":")).lines.empty()); }

TEST_CASE("a very long line comes in pieces, complete") {
  const auto [status, lines] =
      run_and_collect(shell("head -c 300000 /dev/zero | tr '\\0' x; echo; echo end"));
  CHECK(status.ok());
  size_t total = 0;
  for (size_t i = 0; i + 1 < lines.size(); ++i) {
    CHECK(lines[i].size() <= 128 * 1024);
    total += lines[i].size();
  }
  CHECK(total == 300000);
  CHECK(lines.back() == "end");
  CHECK(lines.size() > 2);
}

TEST_CASE("the end of a program is told as it was") {
  const struct {
    const char* script;
    const char* described;
    bool ok;
  } rows[] = {
      {"exit 0", "exited with status 0", true},
      {"exit 3", "exited with status 3", false},
      {"exit 255", "exited with status 255", false},
      {"kill -9 $$", "was killed by signal 9 (Killed)", false},
      {"kill -TERM $$", "was killed by signal 15 (Terminated)", false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.script);
    const ExitStatus status = run_and_collect(shell(row.script)).status;
    CHECK(status.describe() == row.described);
    CHECK(status.ok() == row.ok);
    CHECK_FALSE(status.timed_out);
  }
}

TEST_CASE("a program sees its own environment and nothing of ours") {
  ::setenv("BAKEHOUSE_TEST_OURS", "leaked", 1);
  Command command;
  command.argv = {"env"};
  command.environment = {"PATH=/usr/bin:/bin", "GREETING=good day"};
  const auto [status, lines] = run_and_collect(command);
  ::unsetenv("BAKEHOUSE_TEST_OURS");
  CHECK(lines == Lines{"PATH=/usr/bin:/bin", "GREETING=good day"});
}

TEST_CASE("a program runs where it was told, and else where we are") {
  const TempDir scratch;
  Command command = shell("pwd -P");
  CHECK(run_and_collect(command).lines == Lines{fs::current_path().native()});
  command.directory = scratch.path();
  CHECK(run_and_collect(command).lines == Lines{fs::canonical(scratch.path()).native()});
}

TEST_CASE("arguments arrive as they are") {
  Command command = shell("for each in \"$@\"; do echo \"[$each]\"; done");
  command.argv.insert(command.argv.end(), {"name", "", "a b", "*", "$HOME"});
  CHECK(run_and_collect(command).lines == Lines{"[]", "[a b]", "[*]", "[$HOME]"});
}

TEST_CASE("a program is looked up in the PATH it will have itself") {
  const TempDir scratch;
  fs::create_directories(scratch.path() / "first" / "hello");  // a directory is no program
  fs::create_directories(scratch.path() / "second");
  fs::create_directories(scratch.path() / "third");
  fs::create_directories(scratch.path() / "fourth");
  write_program(scratch.path() / "second" / "hello", "#!/bin/sh\necho second\n", 0644);
  write_program(scratch.path() / "third" / "hello", "#!/bin/sh\necho third\n");
  write_program(scratch.path() / "fourth" / "hello", "#!/bin/sh\necho fourth\n");
  const std::string base = scratch.path().native();
  Command command;
  command.argv = {"hello"};
  command.environment = {"PATH=" + base + "/none:" + base + "/first:" + base + "/second:" + base +
                         "/third:" + base + "/fourth"};
  CHECK(run_and_collect(command).lines == Lines{"third"});
  command.environment = {"PATH=" + base + "/first"};
  CHECK_THROWS_WITH_AS(Process::start(command), "no program 'hello' in PATH", Error);
}

TEST_CASE("a program that cannot be executed is bad input, with the reason") {
  const TempDir scratch;
  write_program(scratch.path() / "not-executable", "#!/bin/sh\n", 0644);
  write_program(scratch.path() / "no-interpreter", "#!/no/such/interpreter\n");
  write_program(scratch.path() / "no-format", "\x01\x02 neither a script nor a program");
  fs::create_directories(scratch.path() / "directory");
  const struct {
    const char* name;
    const char* reason;
  } rows[] = {
      {"none", "No such file or directory"}, {"not-executable", "Permission denied"},
      {"directory", "Permission denied"},    {"no-interpreter", "No such file or directory"},
      {"no-format", "Exec format error"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    Command command;
    const std::string program = (scratch.path() / row.name).native();
    command.argv = {program};
    try {
      Process::start(command);
      FAIL("started");
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::input);
      CHECK(std::string(error.what()) == "cannot execute '" + program + "': " + row.reason);
    }
  }
}

TEST_CASE("a missing working directory is not blamed on the program") {
  Command command = shell("true");
  command.directory = "/no/such/directory";
  CHECK_THROWS_WITH_AS(Process::start(command),
                       "cannot enter the directory '/no/such/directory': No such file or directory", Error);
}

TEST_CASE("standard input is empty") {
  CHECK(run_and_collect(shell("cat; echo done")).lines == Lines{"done"});
}

TEST_CASE("standard input is what was given, from where it stands, and may be left unread") {
  const Fd file = file_in_memory("one\ntwo\n");
  Command command = shell("cat; ls /proc/self/fd");
  command.input = &file;
  CHECK(run_and_collect(command).lines == Lines{"one", "two", "0", "1", "2", "3"});
  const std::string large(1 << 20, 'x');
  const Fd unread = file_in_memory(large);
  command = shell("head -c 3; echo");
  command.input = &unread;
  CHECK(run_and_collect(command).lines == Lines{"xxx"});
}

TEST_CASE("no descriptor of ours reaches a program") {
  const TempDir scratch;
  const Pipe careful = make_pipe();
  const Fd careless(::open("/", O_RDONLY));  // without O_CLOEXEC, as a library might
  const Fd far(::fcntl(careless.get(), F_DUPFD, 500));
  Command command = shell("exec ls /proc/self/fd");
  // The 3 is the one `ls` lists with.
  CHECK(run_and_collect(command).lines == Lines{"0", "1", "2", "3"});
}

TEST_CASE("a program starts with default signals, none blocked") {
  sigset_t blocked;
  sigset_t before;
  sigfillset(&blocked);
  ::sigprocmask(SIG_BLOCK, &blocked, &before);
  auto* const old = ::signal(SIGUSR1, SIG_IGN);
  Command command;
  command.argv = {"grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"};
  const auto lines = run_and_collect(command).lines;
  ::signal(SIGUSR1, old);
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  CHECK(lines == Lines{"SigBlk:\t0000000000000000", "SigIgn:\t0000000000000000"});
}

TEST_CASE("each program leads a process group of its own") {
  Process process = Process::start(shell("exec sleep 1000"));
  CHECK(::getpgid(process.pid()) == process.pid());
  process.stop(10s);
}

TEST_CASE("an ended descriptor tells of the end") {
  Process process = Process::start(shell("exit 4"));
  pollfd watched{process.ended().get(), POLLIN, 0};
  CHECK(::poll(&watched, 1, 60'000) == 1);
  const auto status = process.poll();
  REQUIRE(status);
  CHECK(status->code == 4);
  CHECK(process.poll()->code == 4);
  CHECK(process.wait().code == 4);
}

TEST_CASE("a running process has no status yet") {
  Process process = Process::start(shell("exec sleep 1000"));
  CHECK_FALSE(process.poll());
  CHECK_FALSE(process.wait_for(0ms));
  CHECK_FALSE(process.wait_for(1ms));
  process.signal_group(SIGKILL);
  CHECK(process.wait().signal == SIGKILL);
}

TEST_CASE("what an executed script is called does not matter when it is executed by descriptor") {
  const TempDir scratch;
  write_program(scratch.path() / "hook", "#!/bin/sh\necho \"script $1\"\nls /proc/self/fd\n");
  const Fd program = open_for_reading(scratch.path() / "hook");
  fs::rename(scratch.path() / "hook", scratch.path() / "moved");
  write_program(scratch.path() / "hook", "#!/bin/sh\necho another\n");
  Command command;
  command.argv = {(scratch.path() / "hook").native(), "argument"};
  command.environment = environment;
  command.program = &program;
  const auto [status, lines] = run_and_collect(command);
  CHECK(status.ok());
  REQUIRE(!lines.empty());
  CHECK(lines[0] == "script argument");
  // Beside the script itself (3) there is what the shell and ls open, which is not ours.
  CHECK(std::count(lines.begin(), lines.end(), "3") == 1);
}

TEST_CASE("a binary is executed by descriptor as well") {
  const Fd program = open_for_reading("/bin/true");
  Command command;
  command.argv = {"whatever"};
  command.program = &program;
  CHECK(run_and_collect(command).status.ok());
}

TEST_CASE("a file without permission to execute is refused by descriptor") {
  const TempDir scratch;
  write_program(scratch.path() / "hook", "#!/bin/sh\n", 0644);
  const Fd program = open_for_reading(scratch.path() / "hook");
  Command command;
  command.argv = {"hook"};
  command.program = &program;
  CHECK_THROWS_AS(Process::start(command), Error);
}

TEST_CASE("before_exec has run before the program does anything") {
  const TempDir scratch;
  const fs::path record = scratch.path() / "record";
  pid_t announced = 0;
  Command command = shell("cat \"$0\"; echo $$");
  command.argv.push_back(record.native());
  command.before_exec = [&](pid_t pid) {
    announced = pid;
    write_file(record, "recorded\n");
  };
  const auto lines = run_and_collect(command).lines;
  CHECK(lines == Lines{"recorded", std::to_string(announced)});
}

TEST_CASE("a before_exec that fails lets nothing run") {
  const TempDir scratch;
  Command command = shell("touch \"$0\"");
  command.argv.push_back((scratch.path() / "ran").native());
  pid_t pid = 0;
  command.before_exec = [&](pid_t child) {
    pid = child;
    throw Error(Fault::internal, "the journal is full");
  };
  CHECK_THROWS_WITH_AS(Process::start(command), "the journal is full", Error);
  CHECK(::kill(pid, 0) != 0);
  CHECK_FALSE(fs::exists(scratch.path() / "ran"));
}

TEST_CASE("a child that dies at the gate is no death of ours") {
  Command command = shell("true");
  command.before_exec = [](pid_t pid) {
    ::kill(pid, SIGKILL);
    siginfo_t ended{};
    ::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT);
  };
  Process process = Process::start(command);
  CHECK(process.wait().signal == SIGKILL);
}

TEST_CASE("a time limit ends the whole group, grandchildren included") {
  Pipe held = make_pipe();
  Command command = shell("(sleep 1000; echo never) & sleep 1000; echo never");
  command.output = &held.write;
  Process process = Process::start(command);
  held.write.reset();
  CHECK_FALSE(process.wait_for(1ms));
  const ExitStatus status = process.stop(60s);
  CHECK(status.signal == SIGTERM);
  CHECK(ends(held.read));
}

TEST_CASE("a program that runs too long is told apart from one that fails") {
  const auto [status, lines] = run_and_collect(shell("echo begun; exec sleep 1000"), limit_of_50ms);
  CHECK(status.timed_out);
  CHECK_FALSE(status.ok());
  CHECK(status.describe() == "ran longer than its limit and was ended");
}

TEST_CASE("a program is cancelled when that is asked for") {
  std::string seen;
  Limits limits;
  limits.cancelled = [&] { return seen == "ready"; };
  const ExitStatus status =
      run(shell("echo ready; exec sleep 1000"), limits, [&](std::string_view line) { seen = line; });
  CHECK(status.cancelled);
  CHECK_FALSE(status.timed_out);
  CHECK_FALSE(status.ok());
  CHECK(status.describe() == "was cancelled");
}

TEST_CASE("the time limit holds for a program that never stops printing") {
  size_t count = 0;
  const ExitStatus status = run(shell("exec yes"), limit_of_50ms, [&](std::string_view) { ++count; });
  CHECK(status.timed_out);
  CHECK(count > 0);
}

TEST_CASE("a child that ignores TERM is killed after its grace, and its children with it") {
  Pipe held = make_pipe();
  Command command =
      shell("trap '' TERM; echo ready; (while :; do sleep 1000; done) & while :; do sleep 1000; done");
  command.output = &held.write;
  Process process = Process::start(command);
  held.write.reset();
  char buffer[6];
  read_exactly(held.read, buffer, "pipe");  // "ready\n": the trap is set
  CHECK(process.stop(20ms).signal == SIGKILL);
  CHECK(ends(held.read));
}

TEST_CASE("a child may use its grace to end well") {
  Pipe held = make_pipe();
  Command command = shell("trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.01; done");
  command.output = &held.write;
  Process process = Process::start(command);
  held.write.reset();
  char ready[6];
  read_exactly(held.read, ready, "pipe");
  CHECK(process.stop(60s).code == 7);
}

TEST_CASE("what a program leaves behind is ended with it, and cannot hold up the run") {
  const auto [status, lines] = run_and_collect(shell("sleep 1000 & echo done"));
  CHECK(status.ok());
  CHECK(lines == Lines{"done"});
}

TEST_CASE("all that a program printed arrives, also what it printed last") {
  for (int round = 0; round < 20; ++round) {
    const auto lines = run_and_collect(shell("seq 1 3000")).lines;
    REQUIRE(lines.size() == 3000);
    CHECK(lines.back() == "3000");
  }
}

TEST_CASE("a program that closes its output may go on") {
  const auto [status, lines] = run_and_collect(shell("echo one; exec >&- 2>&-; sleep 0.05; exit 5"));
  CHECK(status.code == 5);
  CHECK(lines == Lines{"one"});
}

TEST_CASE("a process nobody waited for is killed with its group") {
  Pipe held = make_pipe();
  pid_t pid = 0;
  {
    Command command = shell("sleep 1000 & exec sleep 1000");
    command.output = &held.write;
    const Process process = Process::start(command);
    pid = process.pid();
    held.write.reset();
  }
  CHECK(ends(held.read));
  CHECK(::kill(pid, 0) != 0);
}

TEST_CASE("a process is killed once, by its last owner") {
  Process first = Process::start(shell("exec sleep 1000"));
  const pid_t pid = first.pid();
  Process second = std::move(first);
  CHECK(second.pid() == pid);
  CHECK_FALSE(second.poll());
  second = Process::start(shell("exec sleep 1000"));
  CHECK(::kill(pid, 0) != 0);
  CHECK_FALSE(second.poll());
}

TEST_CASE("an exception of the listener ends the program") {
  const auto fails = [] {
    run(shell("echo $$; exec sleep 1000"), {},
        [](std::string_view) { throw Error(Fault::internal, "listener"); });
  };
  CHECK_THROWS_WITH_AS(fails(), "listener", Error);
}

TEST_CASE("a program that runs as another user has his groups, and no way to other rights") {
  if (!can_become_others()) return;
  CHECK(status_line(somebody, "Uid") == "1234 1234 1234 1234");
  CHECK(status_line(somebody, "Gid") == "2345 2345 2345 2345");
  CHECK(status_line(somebody, "Groups") == "2345 3456");
  CHECK(status_line(somebody, "NoNewPrivs") == "1");
  CHECK(status_line(somebody, "CapEff") == "0000000000000000");
}

TEST_CASE("a program enters its directory as the user that it runs as") {
  if (!can_become_others()) return;
  const TempDir closed;
  Command command = shell(":");
  command.directory = closed.path();
  CHECK(run_and_collect(command).status.ok());
  command.identity = somebody;
  const std::string refused =
      fmt::format("cannot enter the directory '{}': Permission denied", closed.path().native());
  CHECK_THROWS_WITH_AS(run_and_collect(command), refused.c_str(), Error);
}

TEST_CASE("whoever may not become another user says so") {
  if (::geteuid() == 0) return;
  Command command = shell(":");
  command.identity = somebody;
  CHECK_THROWS_WITH_AS(run_and_collect(command), "cannot run as the user '1234': Operation not permitted",
                       Error);
}

TEST_CASE("a child can be told to die with its parent, or not") {
  struct Row {
    Command::Lifetime lifetime;
    std::optional<Identity> identity;
  };
  std::vector<Row> rows = {{Command::Lifetime::with_parent, {}}, {Command::Lifetime::own, {}}};
  if (can_become_others()) rows.push_back({Command::Lifetime::with_parent, somebody});
  for (const Row& row : rows) {
    CAPTURE(row.identity.has_value());
    const auto lifetime = row.lifetime;
    Pipe held = make_pipe();
    Pipe told = make_pipe();
    const pid_t parent = ::fork();
    if (parent == 0) {
      Command command = shell("exec sleep 1000");
      command.output = &held.write;
      command.lifetime = lifetime;
      command.identity = row.identity;
      const Process process = Process::start(command);
      write_all(told.write, std::to_string(process.pid()), "pipe");
      ::_exit(0);  // without any destructor, as if killed
    }
    held.write.reset();
    told.write.reset();
    const pid_t child = std::stoi(read_all(told.read, 100, "pipe"));
    int status = 0;
    ::waitpid(parent, &status, 0);
    pollfd watched{held.read.get(), POLLIN, 0};
    if (lifetime == Command::Lifetime::with_parent) {
      CHECK(::poll(&watched, 1, 60'000) == 1);
    } else {
      CHECK(::poll(&watched, 1, 0) == 0);
      ::kill(child, SIGKILL);
    }
  }
}

TEST_CASE("a parent without standard descriptors starts programs all the same") {
  Pipe outcome = make_pipe();
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (const int number : {0, 1, 2}) ::close(number);
    std::string text;
    try {
      for (const auto& line : run_and_collect(shell("cat; echo out; echo err >&2; ls /proc/self/fd")).lines) {
        text += line + ' ';
      }
      Command missing;
      missing.argv = {"/no/such/program"};
      Process::start(missing);
    } catch (const std::exception& error) {
      text += error.what();
    }
    write_all(outcome.write, text, "pipe");
    ::_exit(0);
  }
  outcome.write.reset();
  CHECK(read_all(outcome.read, 10'000, "pipe") ==
        "out err 0 1 2 3 cannot execute '/no/such/program': No such file or directory");
  int status = 0;
  ::waitpid(pid, &status, 0);
}

TEST_CASE("a process is identified by its pid and its start") {
  const auto ours = identify_process(::getpid());
  REQUIRE(ours);
  CHECK(ours->pid == ::getpid());
  CHECK(ours->start_time == identify_process(::getpid())->start_time);
  Process later = Process::start(shell("exec sleep 1000"));
  const auto theirs = identify_process(later.pid());
  REQUIRE(theirs);
  CHECK(theirs->start_time >= ours->start_time);
  later.signal_group(SIGKILL);
  pollfd watched{later.ended().get(), POLLIN, 0};
  CHECK(::poll(&watched, 1, 60'000) == 1);
  CHECK_FALSE(identify_process(later.pid()));  // ended, though not yet waited for
  later.wait();
  CHECK_FALSE(identify_process(later.pid()));
}

TEST_CASE("a program's name cannot forge its identity") {
  const TempDir scratch;
  fs::copy_file("/bin/sleep", scratch.path() / "a) Z 1 (b");
  Command command;
  command.argv = {(scratch.path() / "a) Z 1 (b").native(), "1000"};
  Process process = Process::start(command);
  const auto found = identify_process(process.pid());
  REQUIRE(found);
  CHECK(found->start_time >= identify_process(::getpid())->start_time);
  process.stop(60s);
}

TEST_CASE("a boot has an id, always the same") {
  CHECK(boot_id().size() == 36);
  CHECK(boot_id() == boot_id());
}

}  // namespace process_test
