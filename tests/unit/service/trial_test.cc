// A release that is tried beside the one that serves, at the same address.
#include "service/listener.hh"
#include "service/supervisor.hh"

#include "address.hh"
#include "scene.hh"

#include <doctest/doctest.h>

#include <csignal>
#include <string>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace trial_test {

using namespace bakehouse;
using namespace bakehouse::service;

namespace {

// Answers each connection with its name and "\n", one after the other.
ServiceSpec server(const Scene& scene, const std::string& name, const std::string& says,
                   const std::string& address) {
  ServiceSpec spec = scene.spec(name, "");
  spec.argv = {"/usr/bin/python3", "-c",
               "import socket\n"
               "s = socket.socket(fileno=3)\n"
               "open('" +
                   scene.path().native() + "/news', 'w').write('" + says +
                   "\\n')\n"
                   "while True:\n"
                   "  c, _ = s.accept()\n"
                   "  c.sendall(b'" +
                   says +
                   "')\n"
                   "  c.close()\n"};
  spec.sockets = {address};
  return spec;
}

Supervisor::Settings quick() {
  Supervisor::Settings settings;
  settings.quiet = std::chrono::milliseconds(1);
  return settings;
}

std::string ask(const std::string& address, std::string_view source = "127.0.0.1") {
  const base::Fd socket = connect_from(source, address);
  return base::read_all(socket, 1000, "the answer");
}

}  // namespace

TEST_CASE("whoever connects while nothing runs waits for the next start") {
  Scene scene;
  Supervisor supervisor(quick());
  const std::string address = free_address();
  supervisor.start({server(scene, "web", "one", address)});
  CHECK(ask(address) == "one");
  supervisor.stop();
  const base::Fd waiting = connect_from("127.0.0.1", address);
  supervisor.start({server(scene, "web", "two", address)});
  CHECK(base::read_all(waiting, 1000, "the answer") == "two");
  supervisor.stop();
  supervisor.close_sockets();
  const base::Fd refused(::socket(AF_INET, SOCK_STREAM, 0));
  CHECK_FALSE(connects(refused, address));
}

TEST_CASE("a release on trial answers probes alone, then everybody") {
  Scene scene;
  Supervisor supervisor(quick());
  const std::string address = free_address();
  supervisor.start({server(scene, "web", "one", address)});
  CHECK(scene.next_news() == "one");
  supervisor.try_beside({server(scene, "web", "two", address)});
  CHECK(scene.next_news() == "two");
  CHECK(ask(address) == "one");
  CHECK(ask(address, probe_source) == "two");
  const auto states = supervisor.states();
  REQUIRE(states.size() == 2);
  CHECK_FALSE(states[0].is_beside);
  CHECK(states[1].is_beside);
  supervisor.hand_over();
  CHECK(ask(address) == "two");
  REQUIRE(supervisor.states().size() == 1);
  CHECK_FALSE(supervisor.states()[0].is_beside);
  supervisor.hand_over();  // once more is nothing
  CHECK(ask(address) == "two");
}

TEST_CASE("a trial that is dropped has cost those that serve nothing") {
  Scene scene;
  Supervisor supervisor(quick());
  const std::string address = free_address();
  const ServiceSpec serving = server(scene, "web", "one", address);
  supervisor.start({serving});
  const int pid = supervisor.states().at(0).pid;
  supervisor.try_beside({server(scene, "web", "two", address)});
  supervisor.drop_beside();
  CHECK(ask(address) == "one");
  CHECK(ask(address, probe_source) == "one");
  supervisor.ensure({serving});
  REQUIRE(supervisor.states().size() == 1);
  CHECK(supervisor.states()[0].pid == pid);
}

TEST_CASE("what cannot be tried leaves the one that serves alone") {
  Scene scene;
  Supervisor supervisor(quick());
  const std::string address = free_address();
  supervisor.start({server(scene, "web", "one", address)});
  ServiceSpec broken = server(scene, "web", "two", address);
  broken.argv = {"/nonexistent"};
  CHECK_THROWS_AS(supervisor.try_beside({broken}), base::Error);
  CHECK(supervisor.states().size() == 1);
  CHECK(ask(address) == "one");
}

TEST_CASE("what ends of those that serve comes back after the trial, and not from what is being exchanged") {
  Scene scene;
  Supervisor supervisor(quick());
  const ServiceSpec serving = scene.steady("web");
  supervisor.start({serving});
  CHECK(scene.next_news().starts_with("web "));
  supervisor.try_beside({scene.spec("web", "echo beside >$NEWS; exec sleep 1000")});
  CHECK(scene.next_news() == "beside");
  ::kill(supervisor.states().at(0).pid, SIGKILL);
  while (supervisor.states().at(0).running) supervisor.tend();
  CHECK(supervisor.next_wake() > std::chrono::minutes(1));
  supervisor.drop_beside();
  supervisor.ensure({serving});
  while (!supervisor.states().at(0).running) supervisor.tend();
  CHECK(scene.next_news().starts_with("web "));
}

TEST_CASE("a supervisor that takes over what a killed one left holds the sockets again") {
  if (::geteuid() != 0) return;  // others may not be let look into what is not their child
  Scene scene;
  Supervisor::Settings settings = quick();
  settings.record = scene.path() / "services.json";
  const std::string address = free_address();
  const pid_t pid = ::fork();
  if (pid == 0) {
    Supervisor first(settings);
    first.start({server(scene, "web", "one", address)});
    ::_exit(0);  // as a killed one: nothing is stopped
  }
  int status = -1;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  REQUIRE(status == 0);
  CHECK(scene.next_news() == "one");
  Supervisor second(settings);
  second.adopt();
  second.try_beside({server(scene, "web", "two", address)});
  CHECK(ask(address) == "one");
  second.hand_over();
  CHECK(ask(address) == "two");
}

}  // namespace trial_test
