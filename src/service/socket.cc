#include "service/socket.hh"

#include "base/error.hh"
#include "service/protocol.hh"

#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace bakehouse::service {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::Fd;

constexpr const char* socket_name = "supervisor.sock";

std::string shown(const Dir& state) { return (state.path() / socket_name).native(); }

sockaddr_un address_in(const Dir& state) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = fmt::format("/proc/self/fd/{}/{}", state.fd().get(), socket_name);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* plain(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

Fd make_socket(int flags, const Dir& state) {
  Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!socket) base::fail_os("make a socket for", shown(state));
  return socket;
}

bool is_own(const Fd& socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
  return peer.uid == ::geteuid() || peer.uid == 0;
}

void set_limit(const Fd& socket, int option, std::chrono::milliseconds limit) {
  const timeval time{limit.count() / 1000, (limit.count() % 1000) * 1000};
  ::setsockopt(socket.get(), SOL_SOCKET, option, &time, sizeof time);
}

[[noreturn]] void fail_conversation(std::string_view reason) {
  throw Error(Fault::internal, fmt::format("the supervisor does not answer: {}", reason),
              "see whether `release serve` still runs, start it again if not, then repeat the command");
}

void send_line(const Fd& socket, std::string_view line) {
  while (!line.empty()) {
    const ssize_t count = ::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_conversation(std::strerror(errno));
    line.remove_prefix(static_cast<size_t>(count));
  }
}

}  // namespace

Fd listen_at(const Dir& state) {
  Fd listener = make_socket(SOCK_NONBLOCK, state);
  remove_socket(state);
  const sockaddr_un address = address_in(state);
  // Linux gives the name the mode of the socket, so that it never has a wider one.
  if (::fchmod(listener.get(), 0600) != 0 || ::bind(listener.get(), plain(address), sizeof address) != 0 ||
      ::listen(listener.get(), 16) != 0) {
    base::fail_os("listen on", shown(state));
  }
  return listener;
}

void remove_socket(const Dir& state) noexcept { ::unlinkat(state.fd().get(), socket_name, 0); }

Fd accept_own(const Fd& listener) {
  for (;;) {
    Fd client(::accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!client && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (!client || is_own(client)) return client;
  }
}

std::optional<Fd> connect_to(const Dir& state) {
  Fd socket = make_socket(0, state);
  set_limit(socket, SO_SNDTIMEO, std::chrono::seconds(10));  // for a queue that is full, too
  const sockaddr_un address = address_in(state);
  if (::connect(socket.get(), plain(address), sizeof address) == 0) return socket;
  if (errno == ENOENT || errno == ECONNREFUSED) return std::nullopt;
  throw base::os_error(errno, "reach the supervisor at", shown(state))
      .with_hint("only the user who runs `release serve`, and root, may talk to it");
}

std::string ask(const Fd& socket, std::string_view line, std::chrono::milliseconds limit) {
  send_line(socket, line);
  set_limit(socket, SO_RCVTIMEO, limit);
  std::string answer;
  char buffer[16384];
  while (!answer.ends_with('\n')) {
    const ssize_t count = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail_conversation(errno == EAGAIN ? "it takes too long" : std::strerror(errno));
    if (count == 0) fail_conversation("it hung up");
    answer.append(buffer, static_cast<size_t>(count));
    if (answer.size() > longest_line) fail_conversation("it says too much");
  }
  answer.pop_back();
  return answer;
}

}  // namespace bakehouse::service
