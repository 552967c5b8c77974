#include "service/driver.hh"

#include "base/error.hh"
#include "service/lock.hh"
#include "service/socket.hh"

#include "scene.hh"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <optional>
#include <string>

#include <sys/wait.h>

namespace driver_test {

using namespace bakehouse;
using namespace bakehouse::service;

TEST_CASE("without a supervisor the services run in this process, and end with the driver") {
  Scene scene;
  {
    const auto driver = open_driver(scene.path());
    CHECK_FALSE(driver->lasting());
    CHECK(driver->states().empty());
    driver->stop();
    driver->start({scene.spec("web", "exec 9>$NEWS; echo x >&9; exec sleep 1000")});
    CHECK(scene.next_news() == "x");
    CHECK(driver->states().at(0).running);
    driver->stop();
    CHECK(scene.is_deserted());
    driver->start({scene.spec("web", "exec 9>$NEWS; echo x >&9; exec sleep 1000")});
    CHECK(scene.next_news() == "x");
  }
  CHECK(scene.is_deserted());
}

TEST_CASE("an end is seen by whoever asks for states") {
  Scene scene;
  const auto driver = open_driver(scene.path());
  driver->start({scene.steady("web")});
  scene.next_news();
  const int pid = driver->states().at(0).pid;
  ::kill(pid, SIGKILL);
  siginfo_t ended{};
  ::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT);
  CHECK_FALSE(driver->states().at(0).running);
  CHECK(driver->states().at(0).last_end == "was killed by signal 9 (Killed)");
}

TEST_CASE("a lock file nobody holds is no supervisor") {
  Scene scene;
  base::write_file(scene.path() / "supervisor.lock", "pid 1, since long ago\n");
  CHECK_FALSE(supervisor_runs(scene.path()));
  CHECK_FALSE(open_driver(scene.path())->lasting());
}

TEST_CASE("a supervisor that is being killed, and holds its lock for a moment still, is none any more") {
  Scene scene;
  const base::Dir state = base::Dir::open(scene.path());
  base::Clock clock = base::system_clock();
  std::optional<SupervisorLock> lock = SupervisorLock::take(state, clock);
  base::Fd listener = listen_at(state);
  int waits = 0;
  clock.wait = [&](std::chrono::milliseconds) {
    if (++waits == 3) lock.reset();
  };
  const auto driver = open_driver(scene.path(), clock);
  REQUIRE(driver->lasting());
  listener.reset();
  driver->drop_beside();
  CHECK(waits == 3);
}

TEST_CASE("a supervisor that is gone has handed over nothing, and has nothing to drop") {
  Scene scene;
  const base::Dir state = base::Dir::open(scene.path());
  std::optional<SupervisorLock> lock = SupervisorLock::take(state, base::system_clock());
  base::Fd listener = listen_at(state);
  const auto driver = open_driver(scene.path());
  listener.reset();
  lock.reset();
  CHECK_THROWS_WITH_AS(driver->hand_over(), doctest::Contains("has ended"), base::Error);
  CHECK_NOTHROW(driver->drop_beside());
}

TEST_CASE("a supervisor that does not listen yet is waited for") {
  Scene scene;
  const base::Dir state = base::Dir::open(scene.path());
  base::Clock clock = base::system_clock();
  const SupervisorLock lock = SupervisorLock::take(state, clock);
  base::Fd listener;
  clock.wait = [&](std::chrono::milliseconds) { listener = listen_at(state); };
  CHECK(open_driver(scene.path(), clock)->lasting());
  listener.reset();
  clock.wait = [](std::chrono::milliseconds) {};
  CHECK_THROWS_WITH_AS(open_driver(scene.path(), clock), doctest::Contains("is starting or ending"),
                       base::Error);
}

TEST_CASE("a root that is not there is an error") {
  CHECK_THROWS_AS(open_driver("/no/such/root/.bakehouse"), base::Error);
  CHECK_THROWS_AS(supervisor_runs("/no/such/root/.bakehouse"), base::Error);
}

}  // namespace driver_test
