#include "service/supervisor.hh"

#include "base/error.hh"

#include "scene.hh"

#include <doctest/doctest.h>

#include <csignal>
#include <functional>
#include <string>

#include <fcntl.h>

namespace supervisor_test {

using namespace bakehouse;
using namespace bakehouse::service;
using namespace std::chrono_literals;
using base::Error;
using base::Fault;

namespace {

using Texts = std::vector<std::string>;

const Supervisor::Settings at_once = {0ms, 0ms, 10s, 60s};

// Does what an event loop does, until something holds.
void tend_until(Supervisor& supervisor, const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!holds()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    std::vector<pollfd> watched;
    for (const int descriptor : supervisor.watched()) watched.push_back({descriptor, POLLIN, 0});
    const auto wait = std::min<std::chrono::milliseconds>(supervisor.next_wake(), 60s);
    ::poll(watched.data(), watched.size(), static_cast<int>(wait.count()));
    supervisor.tend();
  }
}

// Waits for the end of the process that runs, and lets the supervisor know.
void await_end_of_all(Supervisor& supervisor) {
  for (const int descriptor : supervisor.watched()) {
    pollfd watched{descriptor, POLLIN, 0};
    REQUIRE(::poll(&watched, 1, 60'000) == 1);
  }
  supervisor.tend();
}

// A steady clock that goes on when it is told to.
struct HandClock {
  std::chrono::steady_clock::time_point time{std::chrono::hours(1)};

  base::Clock clock() {
    base::Clock clock = base::system_clock();
    clock.steady = [this] { return time; };
    return clock;
  }
};

struct Listener {
  Texts texts;

  base::EventSink sink() {
    return [this](const base::Event& event) { texts.push_back(event.text); };
  }
};

Texts names_of(const std::vector<ServiceState>& states) {
  Texts names;
  for (const auto& state : states) names.push_back(state.name);
  return names;
}

}  // namespace

TEST_CASE("services run as they were specified, and their output goes to their logs") {
  Scene scene;
  Supervisor supervisor;
  ServiceSpec spec = scene.spec(
      "web",
      "pwd -P; env | grep -v -e PWD -e SHLVL -e '^_='; echo err >&2; echo done >$NEWS; exec sleep 1000");
  spec.environment.emplace_back("GREETING=good day");
  supervisor.start({spec});
  CHECK(scene.next_news() == "done");
  const auto states = supervisor.states();
  REQUIRE(states.size() == 1);
  CHECK(states[0].name == "web");
  CHECK(states[0].running);
  CHECK(::kill(states[0].pid, 0) == 0);
  CHECK(states[0].restarts == 0);
  CHECK(states[0].last_end.empty());
  const std::string log = scene.logged("web");
  CHECK(log.starts_with(std::filesystem::canonical(scene.path()).native() + "\n"));
  CHECK(log.find("GREETING=good day\n") != std::string::npos);
  CHECK(log.ends_with("err\n"));
}

TEST_CASE("a log is appended to and not for everybody") {
  const mode_t before = ::umask(0);
  {
    Scene scene;
    base::Dir::open_or_make(scene.path() / "logs");
    base::write_file(scene.log("web"), "old\n", 0640);
    Supervisor supervisor;
    supervisor.start({scene.spec("web", "echo new; echo x >$NEWS; exec sleep 1000"),
                      scene.spec("other", "echo x >$NEWS; exec sleep 1000")});
    scene.next_news();
    scene.next_news();
    CHECK(scene.logged("web") == "old\nnew\n");
    const auto other = base::Dir::open(scene.path()).stat(base::TreePath::parse("logs/other.log"));
    CHECK(other->mode == 0640);
  }
  ::umask(before);
}

TEST_CASE("nothing running can be stopped") {
  Supervisor supervisor;
  CHECK_NOTHROW(supervisor.stop());
  CHECK(supervisor.states().empty());
  CHECK(supervisor.watched().empty());
  CHECK(supervisor.next_wake() > 1min);
  CHECK_NOTHROW(supervisor.tend());
  CHECK_NOTHROW(supervisor.start({}));
}

TEST_CASE("a service that ends is started again") {
  Scene scene;
  Listener listener;
  Supervisor supervisor(at_once, listener.sink());
  supervisor.start(
      {scene.spec("web", "echo x >>runs; test $(wc -l <runs) -gt 2 && exec sleep 1000; exit 3")});
  tend_until(supervisor, [&] { return supervisor.states()[0].restarts == 2; });
  const auto state = supervisor.states()[0];
  CHECK(state.running);
  CHECK(state.last_end == "exited with status 3");
  REQUIRE(listener.texts.size() == 5);
  CHECK(listener.texts[0].starts_with("web started (pid "));
  CHECK(listener.texts[1] == "web exited with status 3; again in 0 ms");
  CHECK(listener.texts[4] == "web started (pid " + std::to_string(state.pid) + ")");
}

TEST_CASE("a killed service is started again, and how it ended is told") {
  Scene scene;
  Supervisor supervisor(at_once);
  supervisor.start({scene.steady("web")});
  const int first = supervisor.states()[0].pid;
  ::kill(first, SIGKILL);
  tend_until(supervisor, [&] { return supervisor.states()[0].restarts == 1; });
  CHECK(supervisor.states()[0].pid != first);
  CHECK(supervisor.states()[0].last_end == "was killed by signal 9 (Killed)");
}

TEST_CASE("each further restart waits twice as long, up to a limit, until the service is steady") {
  Scene scene;
  HandClock hand;
  Supervisor supervisor({100ms, 500ms, 10s, 60s}, {}, hand.clock());
  supervisor.start({scene.spec("web", "exit 1")});
  int restarts = 0;
  for (const auto delay : {100ms, 200ms, 400ms, 500ms, 500ms}) {
    CAPTURE(delay.count());
    await_end_of_all(supervisor);
    CHECK_FALSE(supervisor.states()[0].running);
    CHECK(supervisor.states()[0].pid == 0);
    CHECK(supervisor.watched().empty());
    CHECK(supervisor.next_wake() == delay);
    hand.time += delay - 1ms;
    supervisor.tend();
    CHECK(supervisor.states()[0].restarts == restarts);
    CHECK(supervisor.next_wake() == 1ms);
    hand.time += 1ms;
    supervisor.tend();
    CHECK(supervisor.states()[0].restarts == ++restarts);
    CHECK(supervisor.states()[0].running);
  }
  hand.time += 10s;
  await_end_of_all(supervisor);
  CHECK(supervisor.next_wake() == 100ms);
}

TEST_CASE("a wait for a restart can be cut short by a stop") {
  Scene scene;
  HandClock hand;
  Supervisor supervisor({1h, 1h, 10s, 60s}, {}, hand.clock());
  supervisor.start({scene.spec("web", "exit 1")});
  await_end_of_all(supervisor);
  supervisor.stop();
  CHECK(supervisor.states().empty());
}

TEST_CASE("a service that cannot be started again is tried until it can") {
  Scene scene;
  HandClock hand;
  Supervisor supervisor({100ms, 10s, 10s, 60s}, {}, hand.clock());
  const auto program = scene.path() / "program";
  base::write_file(program, "#!/bin/sh\nexit 1\n", 0755);
  ServiceSpec spec = scene.spec("web", "");
  spec.argv = {program.native()};
  supervisor.start({spec});
  std::filesystem::remove(program);
  await_end_of_all(supervisor);
  hand.time += 100ms;
  supervisor.tend();
  CHECK_FALSE(supervisor.states()[0].running);
  CHECK(supervisor.states()[0].last_end == "could not be started (service 'web': cannot execute '" +
                                               program.native() + "': No such file or directory)");
  CHECK(supervisor.next_wake() == 200ms);
  base::write_file(program, "#!/bin/sh\nexec sleep 1000\n", 0755);
  hand.time += 200ms;
  supervisor.tend();
  CHECK(supervisor.states()[0].running);
  CHECK(supervisor.states()[0].restarts == 2);
}

TEST_CASE("all are started, or none") {
  Scene scene;
  Supervisor supervisor;
  supervisor.start({scene.steady("before")});
  scene.next_news();
  ServiceSpec broken = scene.spec("broken", "");
  broken.argv = {"/no/such/program"};
  ServiceSpec lost = scene.spec("lost", "");
  lost.directory = "/no/such/directory";
  ServiceSpec mute = scene.spec("mute", "");
  mute.log = scene.path();
  const struct {
    ServiceSpec spec;
    std::string reason;
  } rows[] = {
      {broken, "service 'broken': cannot execute '/no/such/program': No such file or directory"},
      {lost, "service 'lost': cannot enter the directory '/no/such/directory': No such file or directory"},
      {mute, "service 'mute': cannot open the log '" + scene.path().native() + "': Is a directory"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.reason);
    CHECK_THROWS_WITH_AS(supervisor.start({scene.steady("web"), row.spec, scene.steady("worker")}),
                         row.reason.c_str(), Error);
    CHECK(names_of(supervisor.states()) == Texts{"before"});
  }
  supervisor.stop();
  CHECK(scene.is_deserted());
}

TEST_CASE("services come in several starts, each name once") {
  Scene scene;
  Supervisor supervisor;
  supervisor.start({scene.steady("database")});
  supervisor.start({scene.steady("web"), scene.steady("worker")});
  CHECK(names_of(supervisor.states()) == Texts{"database", "web", "worker"});
  CHECK_THROWS_WITH_AS(supervisor.start({scene.steady("web")}), "the service 'web' runs already", Error);
  CHECK_THROWS_WITH_AS(supervisor.start({scene.steady("a"), scene.steady("a")}),
                       "two services are called 'a'", Error);
  CHECK_THROWS_WITH_AS(supervisor.start({ServiceSpec{}}), "a service has no name", Error);
  CHECK_THROWS_WITH_AS(supervisor.start({ServiceSpec{"a", {}, {}, "", ""}}), "the service 'a' has no command",
                       Error);
  CHECK(names_of(supervisor.states()) == Texts{"database", "web", "worker"});
  supervisor.stop();
  CHECK(supervisor.states().empty());
  CHECK_NOTHROW(supervisor.start({scene.steady("web")}));
}

TEST_CASE("a stop goes backwards, and gives each its grace at the same time") {
  Scene scene;
  Listener listener;
  REQUIRE(::mkfifo((scene.path() / "word").c_str(), 0600) == 0);
  Supervisor supervisor(at_once, listener.sink());
  // The one that is stopped first ends only after the one that is stopped last was told to end.
  supervisor.start(
      {scene.spec("first", "trap 'echo go >word; exit 5' TERM; echo x >$NEWS; while :; do sleep 0.01; done"),
       scene.spec("last", "trap 'read w <word; exit 6' TERM; echo x >$NEWS; while :; do sleep 0.01; done")});
  scene.next_news();
  scene.next_news();
  supervisor.stop();
  REQUIRE(listener.texts.size() == 4);
  CHECK(listener.texts[2] == "last stopped (exited with status 6)");
  CHECK(listener.texts[3] == "first stopped (exited with status 5)");
}

TEST_CASE("what ignores TERM is killed after the grace") {
  Scene scene;
  Listener listener;
  Supervisor supervisor({0ms, 0ms, 10s, 20ms}, listener.sink());
  supervisor.start({scene.spec("deaf", "trap '' TERM; echo x >$NEWS; while :; do sleep 1000; done")});
  scene.next_news();
  supervisor.stop();
  CHECK(listener.texts.back() == "deaf stopped (was killed by signal 9 (Killed))");
  CHECK(scene.is_deserted());
}

TEST_CASE("a stop waits for every process of a group, not only for its leader") {
  Scene scene;
  Supervisor supervisor(at_once);
  // The child holds the FIFO, and takes its own time to end.
  supervisor.start({scene.spec(
      "web",
      "(exec 9>$NEWS; trap 'echo child >&9; exit 0' TERM; echo x >&9; while :; do sleep 0.01; done) & "
      "trap 'exit 0' TERM; while :; do sleep 0.01; done")});
  CHECK(scene.next_news() == "x");
  supervisor.stop();
  CHECK(scene.is_deserted());
  CHECK(scene.next_news() == "child");
}

TEST_CASE("what a service leaves behind is killed before it is started again") {
  Scene scene;
  Supervisor supervisor({1h, 1h, 10s, 60s});
  supervisor.start({scene.spec("web", "(exec 9>$NEWS; echo x >&9; exec sleep 1000) & sleep 0.05; exit 1")});
  CHECK(scene.next_news() == "x");
  await_end_of_all(supervisor);
  CHECK(scene.is_deserted());
  CHECK(supervisor.states()[0].last_end == "exited with status 1");
}

TEST_CASE("the services end with their supervisor") {
  Scene scene;
  {
    Supervisor supervisor(at_once);
    supervisor.start({scene.spec("web", "(exec 9>$NEWS; echo x >&9; exec sleep 1000) & exec sleep 1000")});
    CHECK(scene.next_news() == "x");
    CHECK_FALSE(scene.is_deserted());
  }
  CHECK(scene.is_deserted());
}

TEST_CASE("a service is ended by its own signal, and in its own time") {
  Scene scene;
  Listener listener;
  Supervisor supervisor(at_once, listener.sink());
  ServiceSpec polite =
      scene.spec("polite", "trap 'exit 7' USR1; echo x >$NEWS; while :; do sleep 0.01; done");
  polite.stop_signal = SIGUSR1;
  ServiceSpec deaf = scene.spec("deaf", "trap '' TERM; echo x >$NEWS; while :; do sleep 1000; done");
  deaf.stop_timeout = 20ms;
  supervisor.start({polite, deaf});
  scene.next_news();
  scene.next_news();
  supervisor.stop();
  CHECK(listener.texts[2] == "deaf stopped (was killed by signal 9 (Killed))");
  CHECK(listener.texts[3] == "polite stopped (exited with status 7)");
}

TEST_CASE("what is scheduled runs when it is due, one at a time, and is not started again when it ends") {
  Scene scene;
  HandClock hand;
  base::Clock clock = hand.clock();
  auto wall = std::chrono::system_clock::time_point(std::chrono::seconds(1767225600));
  clock.now = [&] { return wall; };
  Supervisor supervisor(at_once, {}, clock);
  ServiceSpec spec = scene.spec("cleanup", "echo ran >$NEWS; read word <word; exit 3");
  REQUIRE(::mkfifo((scene.path() / "word").c_str(), 0600) == 0);
  spec.schedule = "*/5 * * * *";
  supervisor.start({spec});
  CHECK_FALSE(supervisor.states()[0].running);
  CHECK(supervisor.states()[0].is_well());
  CHECK(supervisor.states()[0].next == "2026-01-01T00:05:00Z");
  CHECK(supervisor.next_wake() == 5min);
  supervisor.tend();
  CHECK_FALSE(supervisor.states()[0].running);

  wall += 5min;
  supervisor.tend();
  CHECK(scene.next_news() == "ran");
  const int pid = supervisor.states()[0].pid;
  wall += 12min;  // it was due twice more, and still runs
  supervisor.tend();
  CHECK(supervisor.states()[0].pid == pid);
  const base::Fd word(::open((scene.path() / "word").c_str(), O_WRONLY));
  base::write_all(word, "go\n", "word");
  await_end_of_all(supervisor);
  const auto state = supervisor.states()[0];
  CHECK_FALSE(state.running);
  CHECK(state.last_end == "exited with status 3");
  CHECK(state.restarts == 0);
  CHECK(state.next == "2026-01-01T00:20:00Z");
  supervisor.stop();
  CHECK(supervisor.states().empty());
}

TEST_CASE("a hostile name cannot forge an event") {
  Scene scene;
  Listener listener;
  Supervisor supervisor(at_once, listener.sink());
  ServiceSpec spec = scene.steady("web");
  spec.name = "a\nb\x1b[2J";
  supervisor.start({spec});
  CHECK(listener.texts[0].starts_with("a\\012b\\033[2J started"));
}

}  // namespace supervisor_test
