#include "base/file_lock.hh"

#include "base/error.hh"
#include "base/files.hh"

#include <doctest/doctest.h>

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

namespace bakehouse::base {
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

}  // namespace
}  // namespace bakehouse::base
