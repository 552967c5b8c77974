#include "service/group.hh"

#include "base/process.hh"

#include "scene.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <string>

using namespace bakehouse;
using namespace bakehouse::service;
using namespace std::chrono_literals;

namespace {

base::Process start(const Scene& scene, const std::string& script) {
  const ServiceSpec spec = scene.spec("x", script);
  base::Command command;
  command.argv = spec.argv;
  command.environment = spec.environment;
  return base::Process::start(command);
}

auto soon() { return std::chrono::steady_clock::now() + 60s; }
auto now() { return std::chrono::steady_clock::now(); }

}  // namespace

TEST_CASE("a group's members are its leader and all it started") {
  Scene scene;
  base::Process process = start(scene, "sleep 1000 & echo $! >$NEWS; exec sleep 1000");
  const pid_t child = std::stoi(scene.next_news());
  auto members = living_members({process.pid()});
  std::ranges::sort(members);
  CHECK(members == std::vector<pid_t>{process.pid(), child});
  CHECK(living_members({}).empty());
}

TEST_CASE("a leader that only waits to be waited for is no member") {
  Scene scene;
  base::Process process = start(scene, "exit 0");
  CHECK(await_end({process.pid()}, soon(), base::system_clock()));
  CHECK(living_members({process.pid()}).empty());
  CHECK(process.wait().code == 0);
}

TEST_CASE("a group lives as long as one of its members") {
  Scene scene;
  base::Process process = start(scene, "sleep 1000 & echo $! >$NEWS; exit 0");
  const pid_t child = std::stoi(scene.next_news());
  pollfd watched{process.ended().get(), POLLIN, 0};
  REQUIRE(::poll(&watched, 1, 60'000) == 1);
  CHECK(living_members({process.pid()}) == std::vector<pid_t>{child});
  CHECK_FALSE(await_end({process.pid()}, now(), base::system_clock()));
  process.signal_group(SIGKILL);
  CHECK(await_end({process.pid()}, soon(), base::system_clock()));
}

TEST_CASE("several groups are waited for together, and none at once") {
  Scene scene;
  base::Process one = start(scene, "exec sleep 1000");
  base::Process other = start(scene, "exec sleep 1000");
  const std::vector<pid_t> both = {one.pid(), other.pid()};
  one.signal_group(SIGKILL);
  CHECK_FALSE(await_end(both, now() + 1ms, base::system_clock()));
  other.signal_group(SIGKILL);
  CHECK(await_end(both, soon(), base::system_clock()));
  CHECK(await_end({}, now(), base::system_clock()));
}
