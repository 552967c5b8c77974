#include "base/file_lock.hh"

#include "base/error.hh"
#include "base/files.hh"
#include "ordinary_user.hh"

#include <doctest/doctest.h>

#include <cerrno>
#include <csignal>
#include <string>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace file_lock_test {

using namespace bakehouse;
using namespace bakehouse::base;

namespace {

// Waits only by turning a page: a test of locks has no reason to sleep.
Clock impatient_clock() {
  Clock clock = system_clock();
  clock.wait = [](std::chrono::milliseconds) {};
  return clock;
}

TEST_CASE("a lock that somebody holds is not taken again, and tells who that is") {
  const TempDir dir;
  const auto path = dir.path() / "lock";
  const auto first = FileLock::try_take(path, "anna, since noon", impatient_clock());
  REQUIRE(first.has_value());
  CHECK_FALSE(FileLock::try_take(path, "berta", impatient_clock()).has_value());
  CHECK(FileLock::holder(path) == "anna, since noon");
}

TEST_CASE("a lock is free when nobody holds it, whatever its file says") {
  const TempDir dir;
  const auto path = dir.path() / "lock";
  CHECK_FALSE(FileLock::holder(path).has_value());
  { const auto held = FileLock::try_take(path, "anna", impatient_clock()); }
  CHECK(read_file(path, 100) == "anna\n");
  CHECK_FALSE(FileLock::holder(path).has_value());
  CHECK(FileLock::try_take(path, "berta", impatient_clock()).has_value());
}

TEST_CASE("a text that would move a terminal's cursor is shown as digits") {
  const TempDir dir;
  const auto path = dir.path() / "lock";
  const auto held = FileLock::try_take(path, "anna\x1b[2J", impatient_clock());
  CHECK(FileLock::holder(path) == "anna\\033[2J");
}

TEST_CASE("a lock dies with the process that holds it") {
  const TempDir dir;
  const auto path = dir.path() / "lock";
  const Pipe taken = make_pipe();
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = FileLock::try_take(path, "child", impatient_clock());
    write_all(taken.write, held ? "y" : "n", "pipe");
    ::pause();
    ::_exit(0);
  }
  char answer = 0;
  read_exactly(taken.read, {&answer, 1}, "pipe");
  CHECK(answer == 'y');
  CHECK(FileLock::holder(path) == "child");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK_FALSE(FileLock::holder(path).has_value());
}

TEST_CASE("a lock is not taken through a link") {
  const TempDir dir;
  std::filesystem::create_symlink("elsewhere", dir.path() / "lock");
  CHECK_THROWS_AS(FileLock::try_take(dir.path() / "lock", "anna", impatient_clock()), Error);
}

TEST_CASE("nobody but its owner opens a lock, so that nobody else can hold it") {
  const TempDir dir;
  const auto path = dir.path() / "lock";
  const Dir opened = Dir::open(dir.path());
  const TreePath name = TreePath::parse("lock");
  { const auto held = FileLock::try_take(path, "anna", impatient_clock()); }
  CHECK(opened.stat(name)->mode == 0600);
  opened.set_mode(name, 0644);  // as it was made in the past
  { const auto held = FileLock::try_take(path, "anna", impatient_clock()); }
  CHECK(opened.stat(name)->mode == 0600);
}

TEST_CASE("whoever may not open a lock is told of no holder" * doctest::skip(::geteuid() != 0)) {
  const TempDir dir;
  const auto path = dir.path() / "lock";
  ::chmod(dir.path().c_str(), 0755);
  const auto held = FileLock::try_take(path, "anna", impatient_clock());
  const std::string outcome = as_ordinary_user([&] {
    if (FileLock::holder(path)) throw Error(Fault::internal, "knows who holds it");
  });
  CHECK(outcome == "");
}

// Runs `work` in a child that has a file system of one page at `path`.
std::string on_small_disk(const std::filesystem::path& path, auto work) {
  Pipe pipe = make_pipe();
  const pid_t child = ::fork();
  if (child == 0) {
    std::string outcome = "no file system of its own can be had";
    if (::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        ::mount("small", path.c_str(), "tmpfs", 0, "size=4096") == 0) {
      try {
        outcome = work();
      } catch (const std::exception& error) {
        outcome = error.what();
      }
    }
    write_all(pipe.write, outcome, "the outcome");
    ::_exit(0);
  }
  pipe.write.reset();
  std::string outcome = read_all(pipe.read, 4096, "the outcome");
  ::waitpid(child, nullptr, 0);
  return outcome;
}

TEST_CASE("a lock is taken on a full disk, too" * doctest::skip(::geteuid() != 0)) {
  const TempDir dir;
  const auto path = dir.path() / "lock";
  const std::string outcome = on_small_disk(dir.path(), [&]() -> std::string {
    const Fd filler(::open((dir.path() / "filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    write_all(filler, std::string(4096, 'x'), "filler");
    if (::write(filler.get(), "x", 1) == 1 || errno != ENOSPC) return "the disk is not full";
    const auto held = FileLock::try_take(path, "anna", impatient_clock());
    return held ? FileLock::holder(path).value_or("free") : "not taken";
  });
  if (outcome == "no file system of its own can be had") {
    MESSAGE(outcome);
  } else {
    CHECK(outcome == "somebody who has not said who");
  }
}

}  // namespace

}  // namespace file_lock_test
