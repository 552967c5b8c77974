#include "notify/event_line.hh"

#include "base/dir.hh"
#include "base/error.hh"
#include "base/fd.hh"
#include "text/json.hh"

#include <fmt/format.h>

#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

namespace bakehouse::notify {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Event;
using base::Fault;

// Of all lines of ours in the journal: `journalctl MESSAGE_ID=...`.
constexpr std::string_view message_id = "6d2c1f0b8f5a4b0e9f2a7c3be41d5a90";
const fs::path journal_socket("/run/systemd/journal/socket");

int priority_of(const Message& message) { return message.outcome == "good" ? LOG_NOTICE : LOG_ERR; }

std::string line_of(const Message& message) { return text::to_json(encode(message)); }

// A value of several lines is told by its length.
void add_field(std::string& fields, std::string_view name, std::string_view value) {
  fields += name;
  if (value.find('\n') == std::string_view::npos) {
    fields += '=';
  } else {
    fields += '\n';
    for (unsigned shift = 0; shift < 64; shift += 8)
      fields += static_cast<char>((static_cast<uint64_t>(value.size()) >> shift) & 0xFF);
  }
  fields += value;
  fields += '\n';
}

// A daemon that does not read must not hold a deployment up.
void send_datagram(const fs::path& path, const std::string& text) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.native().size() >= sizeof address.sun_path)
    throw Error(Fault::input, fmt::format("'{}' is too long for a socket", path.native()));
  std::memcpy(address.sun_path, path.c_str(), path.native().size());
  const base::Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket) base::fail_os("make", "a socket");
  const auto* const plain = reinterpret_cast<const sockaddr*>(&address);
  if (::sendto(socket.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT, plain, sizeof address) <
      0)
    base::fail_os("send to", path.native());
}

// syslog(3) waits as long as a daemon that hangs lets it, and a transaction would with it.
void send_to_syslog(const Message& message) {
  const std::string line =
      fmt::format("<{}>bakehouse[{}]: {}", LOG_DAEMON | priority_of(message), ::getpid(), line_of(message));
  send_datagram("/dev/log", line);
}

template <typename Work>
void try_to_log(const base::EventSink& events, Work work) {
  try {
    work();
  } catch (const std::exception& error) {
    events({Event::Kind::warning, "notify", fmt::format("the event was not logged: {}", error.what())});
  }
}

}  // namespace

void append_event(const fs::path& path, const Message& message) {
  // A FIFO without a reader would be waited for.
  const base::Fd file(::open(
      path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0640));
  if (!file) base::fail_os("open", path.native());
  if (base::stat_of(file, path.native()).type != base::FileType::regular)
    throw Error(Fault::input, fmt::format("'{}' is no regular file", path.native()));
  // In one call, so that lines of several nodes do not mix.
  const std::string line = line_of(message) + "\n";
  const ssize_t written = ::write(file.get(), line.data(), line.size());
  if (written < 0) base::fail_os("write", path.native());
  base::write_all(file, std::string_view(line).substr(static_cast<size_t>(written)), path.native());
}

std::string journal_fields(const Message& message) {
  std::string fields;
  add_field(fields, "MESSAGE", headline(message));
  add_field(fields, "MESSAGE_ID", message_id);
  add_field(fields, "PRIORITY", std::to_string(priority_of(message)));
  add_field(fields, "SYSLOG_IDENTIFIER", "bakehouse");
  add_field(fields, "BAKEHOUSE_PROJECT", message.project);
  add_field(fields, "BAKEHOUSE_KIND", message.kind);
  add_field(fields, "BAKEHOUSE_OUTCOME", message.outcome);
  add_field(fields, "BAKEHOUSE_VERSION", message.version);
  add_field(fields, "BAKEHOUSE_PREVIOUS_VERSION", message.previous_version);
  add_field(fields, "BAKEHOUSE_DEPLOYMENT", message.deployment);
  add_field(fields, "BAKEHOUSE_WHO", message.who);
  add_field(fields, "BAKEHOUSE_STEP", message.step);
  add_field(fields, "BAKEHOUSE_CAUSE", message.cause);
  add_field(fields, "BAKEHOUSE_EVENT", line_of(message));
  return fields;
}

void send_to_journal(const fs::path& path, const Message& message) {
  send_datagram(path, journal_fields(message));
}

void log_event(const config::EventLogs& logs, const Message& message, const base::EventSink& events) {
  if (logs.file) try_to_log(events, [&] { append_event(*logs.file, message); });
  if (logs.to_syslog) try_to_log(events, [&] { send_to_syslog(message); });
  if (logs.to_journal) try_to_log(events, [&] { send_to_journal(journal_socket, message); });
}

}  // namespace bakehouse::notify
