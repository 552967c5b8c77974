#include "notify/event_line.hh"

#include "base/error.hh"
#include "base/files.hh"
#include "telling.hh"
#include "text/json.hh"

#include <doctest/doctest.h>

#include <cstring>
#include <filesystem>
#include <string>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

namespace event_line_test {

using namespace bakehouse;
using namespace bakehouse::notify;

namespace {

const std::string line = text::to_json(encode(failure_message()));

// Where a journal would listen.
class Journal {
 public:
  explicit Journal(const std::filesystem::path& path)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      base::fail_os("listen at", path.native());
  }
  std::string receive() const {
    char buffer[65536];
    const ssize_t count = ::recv(socket_.get(), buffer, sizeof buffer, MSG_DONTWAIT);
    return count < 0 ? "nothing" : std::string(buffer, static_cast<size_t>(count));
  }

 private:
  base::Fd socket_;
};

std::string warnings_of(const config::EventLogs& logs) {
  std::string warnings;
  log_event(logs, failure_message(), [&](const base::Event& event) { warnings += event.text; });
  return warnings;
}

}  // namespace

TEST_CASE("a file gets a line for each event, also when it was moved away") {
  const base::TempDir scratch;
  config::EventLogs logs;
  logs.file = scratch.path() / "events";
  CHECK(warnings_of(logs).empty());
  CHECK(warnings_of(logs).empty());
  CHECK(base::read_file(*logs.file, 1 << 20) == line + "\n" + line + "\n");
  std::filesystem::rename(*logs.file, scratch.path() / "events.1");
  CHECK(warnings_of(logs).empty());
  CHECK(base::read_file(*logs.file, 1 << 20) == line + "\n");
}

TEST_CASE("what is no file of ours is not written to, and does not hold anything up") {
  const base::TempDir scratch;
  config::EventLogs logs;
  base::write_file(scratch.path() / "victim", "kept");
  std::filesystem::create_symlink("victim", scratch.path() / "link");
  REQUIRE(::mkfifo((scratch.path() / "fifo").c_str(), 0600) == 0);
  for (const char* name : {"link", "fifo", ".", "absent/events"}) {
    CAPTURE(name);
    logs.file = scratch.path() / name;
    CHECK(warnings_of(logs).starts_with("the event was not logged: "));
  }
  CHECK(base::read_file(scratch.path() / "victim", 100) == "kept");
}

TEST_CASE("the journal gets fields, and a value of several lines by its length") {
  const base::TempDir scratch;
  const Journal journal(scratch.path() / "socket");
  send_to_journal(scratch.path() / "socket", failure_message());
  const std::string fields = journal.receive();
  CHECK(fields == journal_fields(failure_message()));
  CHECK(fields.starts_with("MESSAGE=apply of 1.1 on web1: reverted\nMESSAGE_ID="));
  CHECK(fields.find("\nPRIORITY=3\nSYSLOG_IDENTIFIER=bakehouse\nBAKEHOUSE_PROJECT=shop\n") !=
        std::string::npos);
  const std::string cause = failure_message().cause;
  std::string binary = "\nBAKEHOUSE_CAUSE\n";
  binary += static_cast<char>(cause.size());
  binary += std::string(7, '\0') + cause + "\n";
  CHECK(fields.find(binary) != std::string::npos);
  CHECK(fields.ends_with("\nBAKEHOUSE_EVENT=" + line + "\n"));
}

TEST_CASE("a journal that is not there is an error that says so") {
  const base::TempDir scratch;
  CHECK_THROWS_AS(send_to_journal(scratch.path() / "absent", failure_message()), base::Error);
  CHECK_THROWS_AS(send_to_journal(std::string(200, 'x'), failure_message()), base::Error);
}

}  // namespace event_line_test
