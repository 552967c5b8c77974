#include "service/driver.hh"

#include "base/error.hh"

#include "scene.hh"

#include <doctest/doctest.h>

#include <csignal>
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

TEST_CASE("a root that is not there is an error") {
  CHECK_THROWS_AS(open_driver("/no/such/root/.bakehouse"), base::Error);
  CHECK_THROWS_AS(supervisor_runs("/no/such/root/.bakehouse"), base::Error);
}

}  // namespace driver_test
