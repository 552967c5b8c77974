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

TEST_CASE("who would rather wait is told for whom, and gets the lock when it is free") {
  const Scene scene;
  const auto path = scene.path() / "switch.lock";
  std::optional<Lock> held(Lock::take(path, "release apply", base::system_clock()));
  Surroundings around;
  around.clock = base::system_clock();
  std::vector<std::string> told;
  around.events = [&](const base::Event& event) { told.push_back(event.text); };
  int rounds = 0;
  around.clock.wait = [&](std::chrono::milliseconds) {
    if (++rounds == 20) held.reset();
  };
  const Lock lock = Lock::wait_for(path, "release rollback", around, std::chrono::hours(1));
  REQUIRE(told.size() == 1);
  CHECK(told[0].starts_with("waiting for " + describe_user() + ": release apply, process "));
  CHECK(Lock::holder(path).value_or("").find(": release rollback, ") != std::string::npos);
}

TEST_CASE("waiting ends when its time is over, or when somebody wishes it") {
  const Scene scene;
  const auto path = scene.path() / "switch.lock";
  const Lock held = Lock::take(path, "release apply", base::system_clock());
  Surroundings around;
  around.clock = impatient_clock();
  std::chrono::steady_clock::time_point now;
  around.clock.steady = [&] { return now; };
  around.clock.wait = [&](std::chrono::milliseconds time) { now += time; };
  const auto wait = [&] { Lock::wait_for(path, "release rollback", around, std::chrono::minutes(10)); };
  CHECK(thrown_by(wait).starts_with("8: '" + path.native() + "' is locked by "));
  CHECK(now.time_since_epoch() >= std::chrono::minutes(10));
  around.cancelled = [] { return true; };
  const auto before = now;
  CHECK(thrown_by(wait).starts_with("8: "));
  CHECK(now - before < std::chrono::minutes(1));
}

TEST_CASE("a holder is asked to stop, and nobody else is") {
  const Scene scene;
  const auto path = scene.path() / "switch.lock";
  const auto anybody = [](const std::string&) { return true; };
  CHECK_FALSE(ask_holder_to_stop(path, anybody));
  base::Pipe ready = base::make_pipe();
  const pid_t owner = ::fork();
  if (owner == 0) {
    std::signal(SIGTERM, SIG_DFL);  // the test program has a handler of its own
    const Lock lock = Lock::take(path, "release apply", base::system_clock());
    base::write_all(ready.write, "x", "a pipe");
    for (;;) ::pause();
  }
  char byte = 0;
  base::read_exactly(ready.read, {&byte, 1}, "a pipe");
  CHECK(thrown_by([&] {
          ask_holder_to_stop(path, [](const std::string&) { return false; });
        }).starts_with("10: '"));
  CHECK(ask_holder_to_stop(path, anybody).value_or("").find(": release apply, ") != std::string::npos);
  int status = 0;
  REQUIRE(::waitpid(owner, &status, 0) == owner);
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGTERM);
}

TEST_CASE("a holder that does not say which process it is cannot be asked to stop") {
  const Scene scene;
  const auto path = scene.path() / "switch.lock";
  const auto clock = base::system_clock();
  const std::string mine = std::to_string(::getpid());
  for (const std::string& text :
       {std::string("somebody"), "x, process " + mine + ", boot another-boot, since now",
        "x, process -1, boot " + base::boot_id()}) {
    CAPTURE(text);
    const auto lock = base::FileLock::try_take(path, text, clock);
    REQUIRE(lock);
    CHECK(thrown_by([&] {
            ask_holder_to_stop(path, [](const std::string&) { return true; });
          }).starts_with("10: "));
  }
}

}  // namespace lock_test
