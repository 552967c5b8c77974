#include "phase/lock.hh"

#include "base/error.hh"
#include "base/process.hh"
#include "scene.hh"

#include <doctest/doctest.h>

#include <csignal>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace lock_test {

using namespace bakehouse;
using namespace bakehouse::phase;

namespace {

// Nobody waits: who is refused is refused at once.
base::Clock impatient_clock() {
  base::Clock clock = base::system_clock();
  clock.now = [] { return std::chrono::system_clock::time_point(std::chrono::seconds(0)); };
  clock.wait = [](std::chrono::milliseconds) {};
  return clock;
}

}  // namespace

TEST_CASE("a second taker is told who has the lock") {
  const Scene scene;
  const auto path = scene.path() / "switch.lock";
  CHECK_FALSE(Lock::holder(path));
  const Lock lock = Lock::take(path, "release apply", impatient_clock());
  const std::string who = describe_user() + ": release apply, process " + std::to_string(::getpid()) +
                          ", boot " + base::boot_id() + ", since 1970-01-01T00:00:00Z";
  CHECK(Lock::holder(path) == who);
  CHECK(thrown_by([&] { Lock::take(path, "release rollback", impatient_clock()); }) ==
        "8: '" + path.native() + "' is locked by " + who);
  CHECK(Lock::holder(path) == who);  // the loser wrote nothing
}

TEST_CASE("a lock is free when its owner lets it go") {
  const Scene scene;
  const auto path = scene.path() / "switch.lock";
  { const Lock lock = Lock::take(path, "release apply", impatient_clock()); }
  CHECK_FALSE(Lock::holder(path));
  const Lock again = Lock::take(path, "x", impatient_clock());
  CHECK(Lock::holder(path).value_or("").find(": x, process ") != std::string::npos);
}

TEST_CASE("a lock dies with its owner") {
  const Scene scene;
  const auto path = scene.path() / "switch.lock";
  base::Pipe ready = base::make_pipe();
  const pid_t owner = ::fork();
  if (owner == 0) {
    const Lock lock = Lock::take(path, "release apply", base::system_clock());
    base::write_all(ready.write, "!", "a pipe");
    for (;;) ::pause();
  }
  char byte = 0;
  base::read_exactly(ready.read, {&byte, 1}, "a pipe");
  const std::string error = thrown_by([&] { Lock::take(path, "release rollback", impatient_clock()); });
  CHECK(error.find("process " + std::to_string(owner)) != std::string::npos);
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  CHECK_FALSE(Lock::holder(path));
  CHECK(thrown_by([&] { Lock::take(path, "release rollback", impatient_clock()); }) == "nothing");
}

TEST_CASE("children do not inherit a lock") {
  const Scene scene;
  const auto path = scene.path() / "switch.lock";
  auto lock = std::make_unique<Lock>(Lock::take(path, "release apply", impatient_clock()));
  base::Command command;
  command.argv = {"/bin/sleep", "1000"};
  base::Process child = base::Process::start(command);
  lock.reset();
  CHECK_FALSE(Lock::holder(path));
  child.stop(std::chrono::seconds(10));
}

}  // namespace lock_test
