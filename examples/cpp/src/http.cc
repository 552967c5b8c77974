#include "http.hh"

#include <cstring>
#include <string_view>
#include <system_error>
#include <thread>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>

namespace http {
namespace {

constexpr size_t longest_head = 16 * 1024;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

int listen_at(int port) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (listener < 0) fail("socket");
  const int yes = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
  if (::listen(listener, SOMAXCONN) != 0) fail("listen");
  return listener;
}

// All up to the empty line; what a visitor sends behind it is not read.
std::string read_head(int visitor) {
  std::string head;
  char piece[1024];
  while (head.find("\r\n\r\n") == std::string::npos && head.size() < longest_head) {
    const ssize_t length = ::recv(visitor, piece, sizeof piece, 0);
    if (length <= 0) return {};
    head.append(piece, static_cast<size_t>(length));
  }
  return head;
}

// "GET /path?query HTTP/1.1" -> "/path"; nothing for all that is no GET.
std::string path_in(std::string_view head) {
  constexpr std::string_view method = "GET ";
  if (!head.starts_with(method)) return {};
  head.remove_prefix(method.size());
  return std::string(head.substr(0, head.find_first_of("? \r\n")));
}

void send_all(int visitor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(visitor, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<size_t>(sent));
  }
}

void attend(int visitor, const std::function<Answer(const std::string&)>& answer) {
  const timeval patience{10, 0};
  ::setsockopt(visitor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const std::string path = path_in(read_head(visitor));
  const Answer said = path.empty() ? Answer{400, "text/plain", "Only GET is known here.\n"} : answer(path);
  send_all(visitor, "HTTP/1.1 " + std::to_string(said.status) + " \r\nContent-Type: " + said.type +
                        "\r\nContent-Length: " + std::to_string(said.body.size()) +
                        "\r\nConnection: close\r\n\r\n" + said.body);
  ::close(visitor);
}

}  // namespace

void serve(int port, const std::function<Answer(const std::string& path)>& answer) {
  const int listener = listen_at(port);
  while (true) {
    const int visitor = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (visitor >= 0) std::thread(attend, visitor, answer).detach();
  }
}

}  // namespace http
