// Children that run as another user, and that are handed listening sockets.
#include "base/error.hh"
#include "base/process.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace account_test {

using namespace bakehouse::base;

namespace {

std::vector<std::string> lines_of(Command command) {
  command.environment.emplace_back("PATH=/usr/bin:/bin");
  std::vector<std::string> lines;
  const ExitStatus status =
      run(std::move(command), {}, [&](std::string_view line) { lines.emplace_back(line); });
  REQUIRE(status.ok());
  return lines;
}

Command shell(const std::string& script) {
  Command command;
  command.argv = {"sh", "-c", script};
  return command;
}

}  // namespace

TEST_CASE("a user is found with all groups, and one that is not there is named") {
  const Account root = find_account("root");
  CHECK(root.uid == 0);
  CHECK(root.home == "/root");
  CHECK(std::find(root.groups.begin(), root.groups.end(), 0U) != root.groups.end());
  try {
    find_account("no-such-user\n");
    FAIL("found");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::input);
    CHECK(std::string(error.what()).starts_with("there is no user 'no-such-user"));
  }
}

TEST_CASE("a child runs as the user it was given, with that user's groups alone and no way back") {
  if (::geteuid() != 0) return;
  const Account nobody = find_account("nobody");
  Command command = shell(
      "id -u; id -G; grep -c '^CapEff:\t0000000000000000$' /proc/self/status; ls /proc/self/fd | wc -l");
  command.account = &nobody;
  const auto lines = lines_of(command);
  CHECK(lines == std::vector<std::string>{"65534", "65534", "1", "4"});  // 0, 1, 2 and what ls opens
}

TEST_CASE("who may not become another user says so and starts nothing") {
  if (::geteuid() != 0) return;
  Account other = find_account("nobody");
  const Account nobody = other;
  other.name = "other";
  other.uid = 4242;
  Command outer = shell("true");
  outer.account = &nobody;
  // As nobody: the child's own child may not be root.
  const pid_t pid = ::fork();
  if (pid == 0) {
    const bool is_nobody = ::setresgid(65534, 65534, 65534) == 0 && ::setresuid(65534, 65534, 65534) == 0;
    bool refused = false;
    try {
      Command command = shell("true");
      command.environment.emplace_back("PATH=/usr/bin:/bin");
      command.account = &other;
      Process::start(command);
    } catch (const Error& error) {
      refused = error.fault() == Fault::refused &&
                std::string(error.what()).starts_with("cannot become the user 'other'");
    }
    ::_exit(is_nobody && refused ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  CHECK(status == 0);
}

TEST_CASE("sockets arrive from descriptor 3 on, in order, with their names and the number of the process") {
  const Fd first(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const Fd second(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  Command command = shell(
      "echo $LISTEN_FDS $LISTEN_FDNAMES; [ $LISTEN_PID = $$ ] && echo mine; "
      "stat -L -c %F /proc/self/fd/3 /proc/self/fd/4; readlink /proc/self/fd/3 /proc/self/fd/4; test -e "
      "/proc/self/fd/5 || echo none");
  // The later one first: neither may overwrite the other on the way.
  command.sockets = {{second.get(), "web"}, {first.get(), "admin"}};
  const auto lines = lines_of(command);
  REQUIRE(lines.size() == 7);
  CHECK(lines[0] == "2 web:admin");
  CHECK(lines[1] == "mine");
  CHECK(lines[2] == "socket");
  CHECK(lines[3] == "socket");
  char text[64];
  for (const auto& [fd, line] : {std::pair(&second, 4), std::pair(&first, 5)}) {
    const auto length = ::readlink(("/proc/self/fd/" + std::to_string(fd->get())).c_str(), text, sizeof text);
    CHECK(lines[static_cast<size_t>(line)] == std::string(text, static_cast<size_t>(length)));
  }
  CHECK(lines[6] == "none");
}

}  // namespace account_test
