#include "buildpack/room.hh"

#include "base/dir.hh"
#include "base/error.hh"
#include "support/failure.hh"
#include "support/mentions.hh"

#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

namespace room_test {

using namespace bakehouse;
using namespace bakehouse::buildpack;
using namespace std::chrono_literals;
using support::failure;
using support::Mentions;
namespace fs = std::filesystem;

namespace {

struct Outcome {
  base::ExitStatus status;
  std::string output;
};

// A root with a live run/, the tree of a build and what a build is given.
class Site {
 public:
  Site() {
    for (const char* name : {"srv/shop/run", "srv/shop/secret", "build", "layers", "home", "pack", "scratch"})
      fs::create_directories(path(name));
    base::write_file(path("srv/shop/run/page"), "live");
    base::write_file(path("srv/shop/secret/word"), "hidden");
    base::write_file(path("build/page"), "new");
    base::write_file(path("pack/tool"), "tool");
    plan.root = path("srv/shop");
    plan.tree = path("build");
    plan.scratch = path("scratch");
  }

  fs::path path(const fs::path& name) const { return scratch_.path() / name; }
  std::string content(const fs::path& name) const {
    return base::read_file_if_any(path(name), 4096).value_or("-");
  }

  RoomPlan plan;

 private:
  base::TempDir scratch_;
};

base::Command shell(const std::string& script, const fs::path& directory = "/") {
  base::Command command;
  command.argv = {"bash", "-c", script};
  command.environment = {"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"};
  command.directory = directory;
  return command;
}

Outcome run(const Room& room, const base::Command& command, const base::Limits& limits = {}) {
  Outcome outcome;
  outcome.status =
      room.run(command, limits, [&](std::string_view line) { outcome.output += std::string(line) + "\n"; });
  return outcome;
}

std::string output_of(const Room& room, const std::string& script, const fs::path& directory = "/") {
  return run(room, shell(script, directory)).output;
}

// Whether this machine makes rooms at all.
bool has_rooms() {
  static const Room::Kind kind = Room::prepare(Site().plan).kind();
  return kind != Room::Kind::none;
}

bool is_root() { return ::geteuid() == 0; }

}  // namespace

TEST_CASE("decision 1: the machine says whether it makes build rooms") {
  const Site site;
  const Room room = Room::prepare(site.plan);
  for (const std::string& reason : room.reasons()) MESSAGE(reason);
  MESSAGE("rooms are made ", std::string(name_of(room.kind())));
  if (!has_rooms()) MESSAGE("skipped: all tests of build rooms, for the reasons above");
  CHECK((room.kind() == Room::Kind::root || !room.reasons().empty()));
  CHECK(run(room, shell("true")).status.ok());
}

// What follows needs a room.
TEST_SUITE_BEGIN("rooms" * doctest::skip(!has_rooms()));

TEST_CASE("decision 1: the tree stands at its final path, and nothing else of the root is seen") {
  Site site;
  site.plan.writable.push_back({site.path("layers"), site.plan.root / "run/.layers"});
  site.plan.readable.push_back({site.path("pack"), site.plan.root / "pack"});
  const Room room = Room::prepare(site.plan);
  const std::string root = site.plan.root;
  CHECK(output_of(room, "ls -A " + root) == "pack\nrun\n");
  CHECK(output_of(room, "cat page; pwd; echo made > file; echo layer > .layers/file",
                  site.plan.root / "run") == "new" + root + "/run\n");
  CHECK(site.content("build/file") == "made\n");
  CHECK(site.content("layers/file") == "layer\n");
  CHECK(site.content("srv/shop/run/file") == "-");
  CHECK(site.content("srv/shop/run/page") == "live");
}

TEST_CASE("decision 1: the tree has the place that a layout gives it, whatever is there now") {
  for (const char* run : {"current", "usr/lib/app"}) {
    CAPTURE(run);
    Site site;
    site.plan.run = run;
    // The live one may be a link.
    if (fs::path(run).parent_path().empty()) fs::create_directory_symlink("secret", site.plan.root / run);
    const Room room = Room::prepare(site.plan);
    const std::string at = site.plan.root / run;
    CHECK(output_of(room, "cat page; pwd -P; cd " + site.plan.root.native() + "; find . -name word",
                    site.plan.root / run) == "new" + at + "\n");
  }
}

TEST_CASE("decision 1: tree, layers and scratch may lie below the root that the room hides") {
  Site site;
  for (const char* name : {"build", "cache/layers", ".state/scratch"})
    fs::create_directories(site.plan.root / name);
  site.plan.tree = site.plan.root / "build";
  site.plan.scratch = site.plan.root / ".state/scratch";
  site.plan.writable.push_back({site.plan.root / "cache/layers", site.plan.root / "run/.layers"});
  const Room room = Room::prepare(site.plan);
  CHECK(output_of(room, "echo t > tree; echo l > .layers/layer; echo x > /tmp/x; ls -A ..",
                  site.plan.root / "run") == "run\n");
  CHECK(site.content("srv/shop/build/tree") == "t\n");
  CHECK(site.content("srv/shop/cache/layers/layer") == "l\n");
  CHECK(output_of(room, "cat /tmp/x") == "x\n");
}

TEST_CASE("another directory is hidden, but for what is bound in it") {
  Site site;
  // In /tmp nothing would be seen anyway; but elsewhere not everybody may write.
  const base::TempDir staging(::access(".", W_OK) == 0 ? fs::current_path() : fs::temp_directory_path());
  for (const char* name : {"build", "packs"}) fs::create_directories(staging.path() / name);
  base::write_file(staging.path() / "identity", "secret");
  site.plan.hidden = staging.path();
  site.plan.tree = staging.path() / "build";
  site.plan.readable.push_back({staging.path() / "packs", staging.path() / "packs"});
  const Room room = Room::prepare(site.plan);
  CHECK(output_of(room, "echo t > tree; ls -A '" + staging.path().native() + "'", site.plan.root / "run") ==
        "packs\n");
  CHECK(base::read_file(staging.path() / "build/tree", 10) == "t\n");
}

TEST_CASE("decision 1: the host is read-only, and the program itself says so") {
  Site site;
  site.plan.readable.push_back({site.path("pack"), site.path("pack")});
  const Room room = Room::prepare(site.plan);
  const fs::path places[] = {
      "/new", "/etc/new", "/usr/new", "/dev/new", site.plan.root / "new", site.path("pack/new")};
  for (const fs::path& place : places) {
    CAPTURE(place.native());
    const auto [status, output] = run(room, shell("LC_ALL=C touch " + place.native()));
    CHECK_FALSE(status.ok());
    CHECK((output.find("Read-only file system") != output.npos ||
           (!is_root() && output.find("Permission denied") != output.npos)));
  }
  CHECK(output_of(room, "cat " + site.path("pack/tool").native()) == "tool\n");
}

TEST_CASE("decision 1: what is writable is a directory of the host, and /tmp lasts as long as the room") {
  Site site;
  site.plan.writable.push_back({site.path("home"), "/home-of-the-build"});
  {
    const Room room = Room::prepare(site.plan);
    run(room,
        shell("echo x > /home-of-the-build/x; echo y > /tmp/y; echo z > /var/tmp/z; mkdir -m 0 /tmp/closed"));
    CHECK(output_of(room, "cat /tmp/y /tmp/z && ls -d /tmp/closed") == "y\nz\n/tmp/closed\n");
    CHECK(output_of(room, "stat -c %a /tmp") == "1777\n");
  }
  CHECK(site.content("home/x") == "x\n");
  CHECK(fs::is_empty(site.path("scratch")));
  CHECK_FALSE(fs::exists("/home-of-the-build"));
}

TEST_CASE("decision 1: devices work, and there are no others") {
  const Site site;
  const Room room = Room::prepare(site.plan);
  CHECK(output_of(room, "echo $(ls /dev)") ==
        "fd full null ptmx pts random shm stderr stdin stdout urandom zero\n");
  const std::string script =
      "echo lost > /dev/null && head -c 4 /dev/zero | od -An -tx1 && head -c 1 /dev/urandom | wc -c && "
      "echo kept > /dev/shm/x && cat /dev/shm/x <(echo piped) && ! echo full > /dev/full";
  const auto [status, output] = run(room, shell(script));
  CHECK(status.ok());
  CHECK(output == Mentions{" 00 00 00 00\n1\nkept\npiped\n"});
  CHECK(output_of(room, "ls /dev/shm") == "");
}

TEST_CASE("decision 1: a root that this machine does not have") {
  Site site;
  for (const fs::path root :
       {"/srv/bakehouse-test/deep/shop", "/bakehouse-test", "/usr/bakehouse-test", "/opt/bakehouse-test/x"}) {
    CAPTURE(root.native());
    site.plan.root = root;
    const Room room = Room::prepare(site.plan);
    CHECK(output_of(room, "cat page; pwd; echo made > file", root / "run") ==
          "new" + root.native() + "/run\n");
    CHECK(site.content("build/file") == "made\n");
    CHECK_FALSE(fs::exists(root));
    // What the host has beside it is still there, and still read-only.
    CHECK(output_of(room,
                    "test -x /usr/bin/env && test -d /srv && test -d /opt && test -d /etc/. && echo all") ==
          "all\n");
    CHECK_FALSE(run(room, shell("touch " + root.parent_path().native() + "/new /usr/bin/new")).status.ok());
  }
}

TEST_CASE("decision 1: places that are missing at several depths of one directory") {
  Site site;
  fs::create_directories(site.path("wide/one"));
  base::write_file(site.path("wide/one/file"), "one");
  base::write_file(site.path("wide/file"), "wide");
  fs::create_symlink("one/file", site.path("wide/link"));
  const fs::path wide = "/opt/wide";
  site.plan.readable = {{site.path("wide"), wide},
                        {site.path("pack"), wide / "one/pack"},
                        {site.path("pack/tool"), wide / "one/only-tool"},
                        {site.path("layers"), wide / "one/pack/missing/deep"},
                        {site.path("pack"), wide / "two"}};
  const Room room = Room::prepare(site.plan);
  const std::string script =
      "cd " + wide.native() + " && ls && cat file link one/file one/pack/tool one/only-tool two/tool";
  CHECK(output_of(room, script) == "file\nlink\none\ntwo\nwideoneonetooltooltool\n");
  CHECK(output_of(room, "test -d /opt/wide/one/pack/missing/deep && echo there") == "there\n");
  CHECK_FALSE(
      run(room, shell("touch /opt/wide/one/new || touch /opt/wide/one/pack/new || touch /opt/wide/new"))
          .status.ok());
  CHECK(fs::is_directory(site.path("wide/one")));
  CHECK_FALSE(fs::exists(site.path("wide/two")));
}

TEST_CASE("decision 1: the root is reached through a link of the host") {
  if (!fs::is_symlink("/var/run")) {
    MESSAGE("skipped: this machine has no /var/run that is a link");
    return;
  }
  Site site;
  site.plan.root = "/var/run/bakehouse-test";
  const Room room = Room::prepare(site.plan);
  CHECK(output_of(room, "echo made > file; pwd -P", site.plan.root / "run") ==
        fs::canonical("/var/run").native() + "/bakehouse-test/run\n");
  CHECK(site.content("build/file") == "made\n");
}

TEST_CASE("decision 1: app-path shows the tree a second time, with the layers in it") {
  Site site;
  site.plan.writable = {{site.path("layers"), site.plan.root / "run/.layers"},
                        {site.path("home"), "/workspace/.home"}};
  for (const fs::path app : {"/app", "/workspace"}) {
    CAPTURE(app.native());
    site.plan.app_path = app;
    const Room room = Room::prepare(site.plan);
    CHECK(output_of(room, "cat page; echo a > file; cat " + (site.plan.root / "run/file").native(), app) ==
          "newa\n");
    CHECK(run(room, shell("echo l > .layers/" + app.filename().native(), app)).status.ok());
    CHECK(site.content(fs::path("layers") / app.filename()) == "l\n");
  }
}

TEST_CASE("decision 1: plans that cannot be met are refused with the reason") {
  const auto refusal = [](const auto& change) {
    Site site;
    change(site.plan);
    return failure([&] { Room::prepare(site.plan); });
  };
  CHECK(refusal([](RoomPlan& plan) { plan.tree = "/missing"; }) ==
        "input: cannot show '/missing' in the build room: No such file or directory");
  CHECK(refusal([](RoomPlan& plan) { plan.root = "/"; }) ==
        "input: nothing can stand at '/' itself in the build room");
  CHECK(refusal([](RoomPlan& plan) { plan.app_path = "app"; }) ==
        "input: 'app' is no absolute path, so it has no place in the build room");
  CHECK(refusal([](RoomPlan& plan) { plan.app_path = "/tmp"; }) ==
        "input: two things are to be at '/tmp' in the build room");
  CHECK(refusal([](RoomPlan& plan) { plan.app_path = plan.root / "run/x"; }) ==
        Mentions{"the tree cannot be at '"});
  CHECK(refusal([](RoomPlan& plan) {
          fs::create_symlink("/etc", plan.tree / ".layers");
          plan.writable.push_back({plan.scratch, plan.root / "run/.layers"});
        }) == Mentions{"run/.layers' in the build room: "});
}

TEST_CASE(
    "decision 1: the live run/ serves while a build runs, also when another deployment is switched to") {
  const Site site;
  fs::create_directories(site.path("srv/shop/next"));
  base::write_file(site.path("srv/shop/next/page"), "next");
  const Room room = Room::prepare(site.plan);
  const base::Dir root = base::Dir::open(site.plan.root);
  const auto run_path = base::TreePath::parse("run");
  std::atomic<bool> done = false;
  std::atomic<size_t> missed = 0;
  std::atomic<size_t> served = 0;
  std::thread visitor([&] {
    while (!done) {
      const std::string page = site.content("srv/shop/run/page");
      (page == "live" || page == "next" ? served : missed)++;
    }
  });
  int lines = 0;
  const auto status =
      room.run(shell("for i in {1..50}; do echo $i > page; echo $i > file-$i; echo line; done",
                     site.plan.root / "run"),
               {}, [&](std::string_view) {
                 root.exchange(run_path, base::TreePath::parse("next"));
                 ++lines;
               });
  done = true;
  visitor.join();
  CHECK(status.ok());
  CHECK(lines == 50);
  CHECK(served > 0);
  CHECK(missed == 0);
  CHECK(site.content("build/page") == "50\n");
  CHECK(site.content("build/file-50") == "50\n");
  CHECK(site.content("srv/shop/run/page") == "live");
  CHECK(site.content("srv/shop/next/page") == "next");
  CHECK_FALSE(fs::exists(site.path("srv/shop/run/file-1")));
  CHECK_FALSE(fs::exists(site.path("srv/shop/next/file-1")));
}

TEST_CASE(
    "decision 1: a switch of links in the middle of a build meets neither the build nor the live run/") {
  const Site site;
  fs::rename(site.path("srv/shop/run"), site.path("srv/shop/one"));
  fs::create_directory(site.path("srv/shop/two"));
  base::write_file(site.path("srv/shop/two/page"), "two");
  fs::create_symlink("one", site.path("srv/shop/run"));
  const Room room = Room::prepare(site.plan);
  bool other = false;
  const auto switch_link = [&](std::string_view) {
    other = !other;
    fs::create_symlink(other ? "two" : "one", site.path("srv/shop/link"));
    fs::rename(site.path("srv/shop/link"), site.path("srv/shop/run"));
  };
  CHECK(room.run(shell("for i in {1..21}; do echo $i > page; echo line; done", site.plan.root / "run"), {},
                 switch_link)
            .ok());
  CHECK(site.content("build/page") == "21\n");
  CHECK(site.content("srv/shop/one/page") == "live");
  CHECK(site.content("srv/shop/two/page") == "two");
  CHECK(site.content("srv/shop/run/page") == "two");
}

TEST_CASE("decision 1: offline takes the network away, and leaves the machine itself") {
  Site site;
  site.plan.offline = true;
  const Room room = Room::prepare(site.plan);
  CHECK(output_of(room, "cut -d: -f1 /proc/net/dev | tail -n +3 | tr -d ' '") == "lo\n");
  CHECK(output_of(room, "wc -l < /proc/net/route") == "1\n");
  // Refused by the machine itself, which therefore is reached; without loopback it would be unreachable.
  CHECK(output_of(room, "LC_ALL=C; exec 9<>/dev/tcp/127.0.0.1/9") == Mentions{"Connection refused"});
  CHECK(output_of(room, "LC_ALL=C; exec 9<>/dev/tcp/192.0.2.1/9") == Mentions{"Network is unreachable"});
}

TEST_CASE("the end of a program in a room is told as it was") {
  const Site site;
  const Room room = Room::prepare(site.plan);
  const struct {
    const char* script;
    const char* described;
  } rows[] = {
      {"exit 0", "exited with status 0"},
      {"exit 100", "exited with status 100"},
      {"kill -9 $$", "was killed by signal 9 (Killed)"},
      {"kill -TERM $$", "was killed by signal 15 (Terminated)"},
      {"kill -SEGV $$", "was killed by signal 11 (Segmentation fault)"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.script);
    CHECK(run(room, shell(row.script)).status.describe() == row.described);
  }
  base::Command missing;
  missing.argv = {"/missing/program"};
  CHECK(failure([&] { run(room, missing); }) ==
        "input: cannot execute '/missing/program': No such file or directory");
  missing = shell("true", "/missing");
  CHECK(failure([&] { run(room, missing); }) ==
        "input: cannot enter the directory '/missing': No such file or directory");
}

namespace {

// A daemon that is out of reach of its group, and holds the lock of a file in the tree as long as it lives.
const std::string daemon_with_lock =
    "setsid bash -c 'trap \"\" TERM HUP; exec 8>lock; flock 8; echo locked; : > locked; exec sleep 1000' & ";

bool is_free(const fs::path& lock) {
  const base::Fd fd = base::open_for_reading(lock);
  return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0;
}

}  // namespace

TEST_CASE("a daemon that left its session ends with the command") {
  const Site site;
  const Room room = Room::prepare(site.plan);
  const auto command =
      shell(daemon_with_lock + "until [ -e locked ]; do :; done; exit 3", site.plan.root / "run");
  CHECK(run(room, command).status.code == 3);
  CHECK(is_free(site.path("build/lock")));
}

TEST_CASE("a cancelled command and one out of time end with all their processes") {
  const Site site;
  const Room room = Room::prepare(site.plan);
  for (const bool cancelled : {true, false}) {
    CAPTURE(cancelled);
    bool locked = false;
    base::Limits limits;
    limits.grace = 10ms;
    limits.cancelled = [&] { return cancelled && locked; };
    if (!cancelled) limits.time = 1s;
    const auto status = room.run(shell(daemon_with_lock + "trap '' TERM; sleep 1000", site.plan.root / "run"),
                                 limits, [&](std::string_view) { locked = true; });
    CHECK(locked);
    CHECK(status.cancelled == cancelled);
    CHECK(status.timed_out == !cancelled);
    CHECK(is_free(site.path("build/lock")));
  }
}

TEST_CASE("whoever runs a room is killed, and all in it with him") {
  const Site site;
  base::Pipe pipe = base::make_pipe();
  const pid_t pid = ::fork();
  if (pid == 0) {
    const Room room = Room::prepare(site.plan);
    room.run(shell(daemon_with_lock + "sleep 1000", site.plan.root / "run"), {},
             [&](std::string_view) { base::write_all(pipe.write, "l", "pipe"); });
    ::_exit(0);
  }
  char locked = 0;
  base::read_exactly(pipe.read, {&locked, 1}, "pipe");
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  // Waits for the last process that holds the lock.
  const base::Fd lock = base::open_for_reading(site.path("build/lock"));
  CHECK(::flock(lock.get(), LOCK_EX) == 0);
}

TEST_CASE("this machine's own mounts stay as they are") {
  const Site site;
  const std::string before = base::read_file("/proc/self/mountinfo", 16 << 20);
  const Room room = Room::prepare(site.plan);
  bool same = false;
  room.run(shell("echo meanwhile"), {},
           [&](std::string_view) { same = base::read_file("/proc/self/mountinfo", 16 << 20) == before; });
  CHECK(same);
  CHECK(base::read_file("/proc/self/mountinfo", 16 << 20) == before);
}

TEST_CASE("a command that is asked to end may tidy up first") {
  const Site site;
  const Room room = Room::prepare(site.plan);
  base::Limits limits;
  bool ready = false;
  limits.cancelled = [&] { return ready; };
  const auto status =
      room.run(shell("trap 'echo tidy > tidied; exit 0' TERM; echo ready; while :; do :; done",
                     site.plan.root / "run"),
               limits, [&](std::string_view) { ready = true; });
  CHECK(status.cancelled);
  CHECK(site.content("build/tidied") == "tidy\n");
}

TEST_CASE("rooms of several threads at once") {
  const Site site;
  const Room room = Room::prepare(site.plan);
  std::vector<std::string> outputs(8);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < outputs.size(); ++i)
    threads.emplace_back([&, i] { outputs[i] = output_of(room, "echo $$ " + std::to_string(i)); });
  for (auto& thread : threads) thread.join();
  for (size_t i = 0; i < outputs.size(); ++i) CHECK(outputs[i] == "2 " + std::to_string(i) + "\n");
}

TEST_CASE("a build sees its own processes only") {
  const Site site;
  CHECK(output_of(Room::prepare(site.plan), "echo /proc/[0-9]*") == "/proc/1 /proc/2\n");
}

TEST_CASE("a build cannot look into ours, nor end it") {
  const Site site;
  const Room room = Room::prepare(site.plan);
  for (const char* script : {"head -c 1 /proc/1/mem", "cat /proc/1/environ", "readlink /proc/1/fd/3",
                             "cat /proc/1/fd/3", "ls /proc/1/root/"}) {
    CAPTURE(script);
    CHECK_FALSE(run(room, shell(script)).status.ok());
  }
  CHECK(output_of(room, "kill -9 1; echo alive") == "alive\n");
}

TEST_CASE("a build cannot undo that the host is read-only") {
  const Site site;
  const Room room = Room::prepare(site.plan);
  for (const char* script :
       {"mount -o remount,rw /", "mount -o remount,bind,rw /etc", "mount -t tmpfs none /mnt", "umount /proc",
        "umount /dev/shm", "unshare -m true", "unshare -Urm mount -o remount,bind,rw /etc",
        "unshare -Urm umount /etc", "mknod /tmp/disk b 8 0", "chroot /proc/1/root true",
        "echo 1 > /proc/sys/kernel/panic", "echo h > /proc/sysrq-trigger", "nsenter -t 1 -m true"}) {
    CAPTURE(script);
    CHECK_FALSE(run(room, shell(script)).status.ok());
  }
  CHECK(output_of(room, "grep NoNewPrivs /proc/self/status") == Mentions{"1"});
}

TEST_CASE("decision 1: a build of root may do with its own files what root may") {
  const Site site;
  const Room room = Room::prepare(site.plan);
  if (room.kind() != Room::Kind::root) {
    MESSAGE("skipped: rooms are not made with root's rights");
    return;
  }
  const std::string script =
      "echo x > f && chown 1234:1234 f && chmod 600 f && cat f && setpriv --reuid=1234 --clear-groups cat f "
      "&& "
      "chmod 4755 f && stat -c '%u %a' f";
  CHECK(output_of(room, script, site.plan.root / "run") == "x\nx\n1234 4755\n");
}

TEST_SUITE_END();

}  // namespace room_test
