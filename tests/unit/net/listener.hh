// A port of our own on loopback.
#pragma once

#include "base/error.hh"
#include "base/fd.hh"

#include <cstdint>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace bakehouse::net {

class Listener {
 public:
  Listener() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket_.get(), plain, size) != 0 || ::listen(socket_.get(), 16) != 0 ||
        ::getsockname(socket_.get(), plain, &size) != 0) {
      base::fail_os("listen on", "loopback");
    }
    port_ = ntohs(address.sin_port);
  }

  base::Fd accept() const { return base::Fd(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC)); }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  uint16_t port() const { return port_; }
  // Wakes an accept, which then fails.
  void shut_down() const { ::shutdown(socket_.get(), SHUT_RDWR); }

 private:
  base::Fd socket_;
  uint16_t port_ = 0;
};

// Where nothing listens: the port was ours until just now.
inline std::string deserted_address() { return Listener().address(); }

}  // namespace bakehouse::net
