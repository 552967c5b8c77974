#include "service/serve.hh"

#include "base/error.hh"
#include "base/process.hh"
#include "base/process_group.hh"
#include "service/background.hh"
#include "service/driver.hh"
#include "service/lock.hh"
#include "service/protocol.hh"
#include "service/socket.hh"

#include "scene.hh"

#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <utility>

#include <sys/socket.h>
#include <sys/wait.h>

namespace serve_test {

using namespace bakehouse;
using namespace bakehouse::service;
using namespace std::chrono_literals;
using base::Error;
using base::Fault;

namespace {

using Texts = std::vector<std::string>;

// A supervisor in a process of its own, as `release serve` is one.
class Serving {
 public:
  explicit Serving(const std::filesystem::path& state, const std::vector<ServiceSpec>& specs = {}) {
    base::Pipe pipe = base::make_pipe();
    pid_ = ::fork();
    if (pid_ == 0) {
      int status = 0;
      const auto tell = [&](const std::string& text) { base::write_all(pipe.write, text + "\n", "pipe"); };
      try {
        serve(
            {state, specs}, [&](const base::Event& event) { tell(event.text); }, [&] { tell("ready"); });
      } catch (const Error& error) {
        tell(error.what());
        status = base::exit_code(error.fault());
      }
      ::_exit(status);
    }
    events_ = std::move(pipe.read);
    pipe.write.reset();
    for (std::string text = "?"; !text.empty() && text != "ready";) text = next_event();
  }
  ~Serving() {
    if (pid_ > 0) end(SIGTERM);
  }
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;

  pid_t pid() const { return pid_; }
  const Texts& told() const { return told_; }
  // "" when it has ended.
  std::string next_event() {
    std::string line;
    char c = 0;
    while (base::read_some(events_, {&c, 1}, "pipe") == 1 && c != '\n') line += c;
    if (!line.empty()) told_.push_back(line);
    return line;
  }
  // Returns its status.
  int end(int signal) {
    ::kill(pid_, signal);
    while (!next_event().empty()) {
    }
    int raw = 0;
    ::waitpid(std::exchange(pid_, -1), &raw, 0);
    return WIFEXITED(raw) ? WEXITSTATUS(raw) : -1;
  }

 private:
  pid_t pid_ = -1;
  base::Fd events_;
  Texts told_;
};

base::Fd connect(const std::filesystem::path& state) {
  auto socket = connect_to(base::Dir::open(state));
  REQUIRE(socket);
  return std::move(*socket);
}

std::string ask_once(const std::filesystem::path& state, const std::string& line) {
  return ask(connect(state), line, 60s);
}

bool is_alive(pid_t pid) { return base::identify_process(pid).has_value(); }

}  // namespace

TEST_CASE("a supervisor starts its services, and stops them when it is told to end") {
  for (const int signal : {SIGTERM, SIGINT}) {
    Scene scene;
    Serving serving(scene.path(), {scene.steady("web"), scene.steady("worker")});
    CHECK(supervisor_runs(scene.path()));
    scene.next_news();
    scene.next_news();
    const auto states = open_driver(scene.path())->states();
    REQUIRE(states.size() == 2);
    CHECK(is_alive(states[0].pid));
    CHECK(serving.end(signal) == 0);
    for (const auto& state : states) CHECK_FALSE(is_alive(state.pid));
    CHECK_FALSE(supervisor_runs(scene.path()));
    CHECK_FALSE(std::filesystem::exists(scene.path() / "supervisor.sock"));
    CHECK(serving.told().back() == "web stopped (was killed by signal 15 (Terminated))");
  }
}

TEST_CASE("a supervisor is ready when all is started") {
  Scene scene;
  const Serving serving(scene.path(), {scene.steady("web"), scene.steady("worker")});
  REQUIRE(serving.told().size() == 4);
  CHECK(serving.told()[0].starts_with("web started (pid "));
  CHECK(serving.told()[1].starts_with("worker started (pid "));
  CHECK(serving.told()[2] == "serving " + scene.path().native());
  CHECK(serving.told()[3] == "ready");
}

TEST_CASE("a supervisor restarts what ends") {
  Scene scene;
  Serving serving(scene.path(),
                  {scene.spec("web", "echo x >>runs; test $(wc -l <runs) -gt 1 && exec sleep 1000; exit 3")});
  while (serving.told().back().find("again in") == std::string::npos) serving.next_event();
  CHECK(serving.told().back() == "web exited with status 3; again in 10 ms");
  CHECK(serving.next_event().starts_with("web started (pid "));
  const auto state = open_driver(scene.path())->states().at(0);
  CHECK(state.running);
  CHECK(state.restarts == 1);
  CHECK(state.last_end == "exited with status 3");
}

TEST_CASE("services are stopped and started from outside, and outlive who asked") {
  Scene scene;
  const Serving serving(scene.path());
  {
    const auto driver = open_driver(scene.path());
    CHECK(driver->lasting());
    CHECK(driver->states().empty());
    driver->stop();
    driver->start({scene.steady("web")});
    CHECK(scene.next_news().starts_with("web "));
  }
  const auto driver = open_driver(scene.path());
  REQUIRE(driver->states().size() == 1);
  const int pid = driver->states()[0].pid;
  CHECK(is_alive(pid));
  driver->stop();
  CHECK_FALSE(is_alive(pid));
  CHECK(driver->states().empty());
}

TEST_CASE("what fails at the supervisor is the same error here") {
  Scene scene;
  const Serving serving(scene.path());
  const auto driver = open_driver(scene.path());
  ServiceSpec broken = scene.spec("broken", "");
  broken.argv = {"/no/such/program"};
  try {
    driver->start({scene.steady("web"), broken});
    FAIL("started");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::input);
    CHECK(std::string(error.what()) ==
          "service 'broken': cannot execute '/no/such/program': No such file or directory");
  }
  CHECK(driver->states().empty());
  driver->start({scene.steady("web")});
  try {
    driver->start({scene.steady("web")});
    FAIL("started");
  } catch (const Error& error) {
    CHECK(std::string(error.what()) == "the service 'web' runs already");
    CHECK(error.hint() == "stop the services first");
  }
}

TEST_CASE("a start that fails leaves no supervisor") {
  Scene scene;
  ServiceSpec broken = scene.spec("broken", "");
  broken.argv = {"/no/such/program"};
  Serving serving(scene.path(), {scene.steady("web"), broken});
  CHECK(serving.told().back() ==
        "service 'broken': cannot execute '/no/such/program': No such file or directory");
  CHECK(serving.end(0) == base::exit_code(Fault::input));
  CHECK_FALSE(supervisor_runs(scene.path()));
}

TEST_CASE("a second supervisor is refused with the first one's pid") {
  Scene scene;
  const Serving first(scene.path());
  Serving second(scene.path());
  const std::string begin = "a supervisor runs already for '" + scene.path().native() + "' (pid " +
                            std::to_string(first.pid()) + ", since 20";
  CHECK(second.told().back().starts_with(begin));
  CHECK(second.end(0) == base::exit_code(Fault::locked));
  CHECK(supervisor_runs(scene.path()));
}

TEST_CASE("the socket and the lock of a killed supervisor are mistaken for nothing") {
  Scene scene;
  Serving(scene.path()).end(SIGKILL);
  CHECK(std::filesystem::exists(scene.path() / "supervisor.sock"));
  CHECK_FALSE(supervisor_runs(scene.path()));
  CHECK_FALSE(open_driver(scene.path())->lasting());
  const Serving next(scene.path());
  CHECK(open_driver(scene.path())->lasting());
  CHECK(open_driver(scene.path())->states().empty());
}

TEST_CASE("the services of a killed supervisor live on, and the next one takes them over untouched") {
  Scene scene;
  const std::vector<ServiceSpec> specs{scene.steady("web"), scene.steady("worker")};
  std::vector<int> before;
  {
    Serving killed(scene.path(), specs);
    scene.next_news();
    scene.next_news();
    for (const auto& state : open_driver(scene.path())->states()) before.push_back(state.pid);
    killed.end(SIGKILL);
  }
  CHECK(is_alive(before.at(0)));
  CHECK(orphans(scene.path()).size() == 2);
  Serving next(scene.path(), specs);
  CHECK(orphans(scene.path()).empty());
  CHECK(next.told().at(0) == "web taken over (pid " + std::to_string(before.at(0)) + ")");
  const auto driver = open_driver(scene.path());
  const auto states = driver->states();
  REQUIRE(states.size() == 2);
  for (size_t i = 0; i < 2; ++i) {
    CHECK(states[i].running);
    CHECK(states[i].pid == before.at(i));
    CHECK(states[i].restarts == 0);
  }
  // It is watched: what ends is started again, once.
  ::kill(before.at(0), SIGKILL);
  CHECK(next.next_event() == "web ended; again in 10 ms");
  CHECK(next.next_event().starts_with("web started (pid "));
  CHECK(scene.next_news().starts_with("web "));
  const int again = driver->states().at(0).pid;
  driver->stop();
  for (const int pid : {before.at(0), before.at(1), again}) CHECK_FALSE(is_alive(pid));
  CHECK_FALSE(std::filesystem::exists(scene.path() / "services.json"));
}

TEST_CASE("what ended while no supervisor ran is started again, with nothing left of it") {
  Scene scene;
  ServiceSpec spec =
      scene.spec("web", "(exec 9>$NEWS; echo child >&9; exec sleep 1000) & echo web $$ >$NEWS; wait");
  spec.environment.emplace_back("BAKEHOUSE_ROOT=" + scene.path().native());
  {
    Serving killed(scene.path(), {spec});
    scene.next_news();
    scene.next_news();
    const int pid = open_driver(scene.path())->states().at(0).pid;
    killed.end(SIGKILL);
    ::kill(pid, SIGKILL);
    REQUIRE_FALSE(scene.is_deserted());
  }
  const Serving next(scene.path(), {spec});
  scene.next_news();
  scene.next_news();
  const auto state = open_driver(scene.path())->states().at(0);
  CHECK(state.running);
  CHECK(state.restarts == 1);
  open_driver(scene.path())->stop();
  CHECK(scene.is_deserted());
}

TEST_CASE("what is to run otherwise than the killed supervisor ran it is started anew") {
  Scene scene;
  int before = 0;
  {
    Serving killed(scene.path(), {scene.steady("web")});
    scene.next_news();
    before = open_driver(scene.path())->states().at(0).pid;
    killed.end(SIGKILL);
  }
  ServiceSpec changed = scene.steady("web");
  changed.environment.emplace_back("BAKEHOUSE_VERSION=2");
  const Serving next(scene.path(), {changed});
  scene.next_news();
  CHECK_FALSE(is_alive(before));
  CHECK(open_driver(scene.path())->states().size() == 1);
}

TEST_CASE("what a killed supervisor left is ended by whoever stops it without one") {
  Scene scene;
  {
    Serving killed(scene.path(), {scene.steady("web")});
    scene.next_news();
    killed.end(SIGKILL);
  }
  REQUIRE(orphans(scene.path()).size() == 1);
  const int pid = orphans(scene.path()).at(0).pid;
  open_driver(scene.path())->stop();
  CHECK_FALSE(is_alive(pid));
  CHECK(orphans(scene.path()).empty());
}

TEST_CASE("single services are stopped and started, and what is there already stays as it is") {
  Scene scene;
  const Serving serving(scene.path(), {scene.steady("web"), scene.steady("worker")});
  scene.next_news();
  scene.next_news();
  const auto driver = open_driver(scene.path());
  const int web = driver->states().at(0).pid;
  driver->stop({"worker", "nobody"});
  REQUIRE(driver->states().size() == 1);
  CHECK(driver->states().at(0).pid == web);
  driver->ensure({scene.steady("web"), scene.steady("worker")});
  scene.next_news();
  CHECK(driver->states().at(0).pid == web);
  CHECK(driver->states().size() == 2);
  driver->ensure({scene.steady("worker")});
  CHECK_FALSE(is_alive(web));
  CHECK(driver->states().size() == 1);
  driver->end();
  CHECK(driver->states().empty());  // in the foreground it stays
}

TEST_CASE("no service inherits the lock, the socket or anything else") {
  Scene scene;
  const Serving serving(scene.path(),
                        {scene.spec("web", "ls /proc/self/fd >list; echo x >$NEWS; exec sleep 1000")});
  scene.next_news();
  CHECK(base::read_file(scene.path() / "list", 1000) == "0\n1\n2\n3\n");  // 3 is what ls lists with
}

TEST_CASE("a client that says nothing holds up nobody") {
  Scene scene;
  const Serving serving(scene.path());
  const base::Fd silent = connect(scene.path());
  const base::Fd half = connect(scene.path());
  base::write_all(half, R"({"comm)", "socket");
  CHECK(ask_once(scene.path(), "{\"command\":\"states\"}\n") == R"({"states":[]})");
  base::write_all(half, "and\":\"states\"}", "socket");
  CHECK(ask(half, "\n", 60s) == R"({"states":[]})");
}

TEST_CASE("a client that goes away before its answer does no harm") {
  Scene scene;
  const Serving serving(scene.path());
  for (int i = 0; i < 20; ++i) {
    const base::Fd hasty = connect(scene.path());
    base::write_all(hasty, "{\"command\":\"states\"}\n", "socket");
  }
  CHECK(open_driver(scene.path())->states().empty());
}

TEST_CASE("nonsense is answered with an error") {
  Scene scene;
  const Serving serving(scene.path());
  for (const std::string line : {"", "hello", "{}", R"({"command":"explode"})", R"({"command":"ensure"})",
                                 R"({"command":"start","services":[],"names":["a"]})",
                                 R"({"command":"stop","names":[{}]})", "\xff\xfe"}) {
    CAPTURE(line);
    try {
      parse_answer(ask_once(scene.path(), line + "\n"));
      FAIL("no error");
    } catch (const Error& error) {
      CHECK(error.fault() == Fault::input);
    }
  }
}

TEST_CASE("a question without end is refused") {
  Scene scene;
  const Serving serving(scene.path());
  const base::Fd socket = connect(scene.path());
  const std::string block(65536, 'x');
  // The supervisor answers and hangs up in the middle of it.
  size_t sent = 0;
  while (sent <= 2 * longest_line) {
    const ssize_t count = ::send(socket.get(), block.data(), block.size(), MSG_NOSIGNAL);
    if (count <= 0) break;
    sent += static_cast<size_t>(count);
  }
  CHECK(sent <= 2 * longest_line);
  CHECK(open_driver(scene.path())->states().empty());
}

TEST_CASE("a supervisor that has ended has stopped its services, and is said to have ended") {
  Scene scene;
  Serving serving(scene.path());
  const auto driver = open_driver(scene.path());
  serving.end(SIGTERM);
  const std::string reason = "the supervisor of '" + scene.path().native() + "' has ended";
  CHECK_NOTHROW(driver->stop());
  CHECK_FALSE(driver->lasting());
  CHECK_THROWS_WITH_AS(driver->states(), reason.c_str(), Error);
}

TEST_CASE("a supervisor whose root is removed ends with its processes, and makes nothing of it anew") {
  Scene scene;
  const auto root = scene.path() / "root";
  const auto state = root / ".bakehouse";
  std::filesystem::create_directories(state);
  Serving serving(state, {scene.steady("web")});
  scene.next_news();
  const pid_t pid = open_driver(state)->states().at(0).pid;
  std::filesystem::remove_all(root);
  while (!serving.next_event().empty()) {
  }
  CHECK_FALSE(is_alive(pid));
  CHECK(serving.told().at(3) == "the root was removed: its processes end");
  CHECK_FALSE(std::filesystem::exists(root));
  CHECK(serving.end(SIGTERM) == 0);
}

TEST_CASE("a root that is only moved keeps its supervisor, also when something beside it is removed") {
  Scene scene;
  const auto root = scene.path() / "root";
  std::filesystem::create_directories(root / ".bakehouse");
  std::filesystem::create_directories(root / "run");
  Serving serving(root / ".bakehouse", {scene.steady("web")});
  const auto moved = scene.path() / "moved";
  std::filesystem::rename(root, moved);
  std::filesystem::remove(moved / "run");
  CHECK(open_driver(moved / ".bakehouse")->states().at(0).running);
  CHECK(serving.end(SIGTERM) == 0);
  CHECK(serving.told().back().starts_with("web stopped"));
}

TEST_CASE("a supervisor in the background that was told to end has ended when it is said to have") {
  for (int turn = 0; turn < 20; ++turn) {
    Scene scene;
    const pid_t pid = ::fork();
    if (pid == 0) {
      const base::Fd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
      ::dup2(nowhere.get(), STDOUT_FILENO);  // "ready" is for who starts one
      ::_exit(live_in_background(scene.path()));
    }
    while (!supervisor_runs(scene.path())) ::sched_yield();
    open_driver(scene.path())->end();
    CHECK_FALSE(SupervisorLock::holder(base::Dir::open(scene.path())));
    CHECK_FALSE(std::filesystem::exists(scene.path() / "supervisor.sock"));
    int raw = 0;
    CHECK(::waitpid(pid, &raw, 0) == pid);
    CHECK(raw == 0);
  }
}

TEST_CASE("a root may be deeper than the address of a socket is long") {
  Scene scene;
  std::filesystem::path state = scene.path();
  for (int i = 0; i < 5; ++i) state /= std::string(60, 'd');
  base::Dir::open_or_make(state);
  const Serving serving(state);
  CHECK(supervisor_runs(state));
  CHECK(open_driver(state)->lasting());
  CHECK(std::filesystem::exists(state / "supervisor.sock"));
}

TEST_CASE("the socket is for its owner only") {
  const mode_t before = ::umask(0);
  {
    Scene scene;
    const Serving serving(scene.path());
    const auto socket = base::Dir::open(scene.path()).stat(base::TreePath::parse("supervisor.sock"));
    CHECK(socket->mode == 0600);
  }
  ::umask(before);
}

TEST_CASE("another user is turned away even where modes let him through" * doctest::skip(::geteuid() != 0)) {
  Scene scene;
  const Serving serving(scene.path(), {scene.steady("web")});
  ::chmod(scene.path().c_str(), 0755);
  ::chmod((scene.path() / "supervisor.sock").c_str(), 0666);
  const pid_t pid = ::fork();
  if (pid == 0) {
    int status = 1;
    if (::setresuid(65534, 65534, 65534) == 0) {
      try {
        const auto socket = connect_to(base::Dir::open(scene.path()));
        ask(*socket, "{\"command\":\"stop\"}\n", 60s);
      } catch (const Error& error) {
        status = std::string(error.what()).starts_with("the supervisor does not answer: ") ? 0 : 2;
      }
    }
    ::_exit(status);
  }
  int raw = 0;
  ::waitpid(pid, &raw, 0);
  CHECK(raw == 0);
  CHECK(open_driver(scene.path())->states().size() == 1);
}

}  // namespace serve_test
