// Children that are handed sockets.
#include "base/process.hh"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <sys/socket.h>
#include <unistd.h>

namespace passed_socket_test {

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

}  // namespace passed_socket_test
