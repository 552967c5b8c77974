#include "base/process_group.hh"

#include "base/process.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <string>

#include <poll.h>

namespace process_group_test {

using namespace bakehouse;
using namespace bakehouse::base;
using namespace std::chrono_literals;

namespace {

struct Group {
  Pipe output = make_pipe();
  Process leader;

  explicit Group(const std::string& script) : leader(start(script, output.write)) { output.write.reset(); }

  pid_t pid() const { return leader.pid(); }
  // The pid that the script printed.
  pid_t printed_pid() const {
    char text[20] = {};
    read_some(output.read, text, "the output of a script");
    return std::stoi(text);
  }

 private:
  static Process start(const std::string& script, const Fd& output) {
    Command command;
    command.argv = {"/bin/sh", "-c", script};
    command.environment = {"PATH=/usr/bin:/bin"};
    command.output = &output;
    return Process::start(command);
  }
};

auto soon() { return std::chrono::steady_clock::now() + 60s; }
auto now() { return std::chrono::steady_clock::now(); }

}  // namespace

TEST_CASE("a group's members are its leader and all it started") {
  Group group("sleep 1000 & echo $!; exec sleep 1000");
  const pid_t child = group.printed_pid();
  auto members = living_members({group.pid()});
  std::ranges::sort(members);
  CHECK(members == std::vector<pid_t>{group.pid(), child});
  CHECK(living_members({}).empty());
}

TEST_CASE("a leader that only waits to be waited for is no member") {
  Group group("exit 0");
  CHECK(await_end({group.pid()}, soon(), system_clock()));
  CHECK(living_members({group.pid()}).empty());
  CHECK(group.leader.wait().code == 0);
}

TEST_CASE("a group lives as long as one of its members") {
  Group group("sleep 1000 & echo $!; exit 0");
  const pid_t child = group.printed_pid();
  pollfd watched{group.leader.ended().get(), POLLIN, 0};
  REQUIRE(::poll(&watched, 1, 60'000) == 1);
  CHECK(living_members({group.pid()}) == std::vector<pid_t>{child});
  CHECK_FALSE(await_end({group.pid()}, now(), system_clock()));
  group.leader.signal_group(SIGKILL);
  CHECK(await_end({group.pid()}, soon(), system_clock()));
}

TEST_CASE("several groups are waited for together, and none at once") {
  Group one("exec sleep 1000");
  Group other("exec sleep 1000");
  const std::vector<pid_t> both = {one.pid(), other.pid()};
  one.leader.signal_group(SIGKILL);
  CHECK_FALSE(await_end(both, now() + 1ms, system_clock()));
  other.leader.signal_group(SIGKILL);
  CHECK(await_end(both, soon(), system_clock()));
  CHECK(await_end({}, now(), system_clock()));
}

}  // namespace process_group_test
