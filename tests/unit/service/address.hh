// Addresses of this machine that are free, and connections to them.
#pragma once

#include "base/fd.hh"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace bakehouse::service {

// One that nobody else listens at: the kernel chose it a moment ago.
inline std::string free_address() {
  const base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(socket.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

inline sockaddr_in numbers_of(std::string_view host, const std::string& port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  REQUIRE(::inet_pton(AF_INET, std::string(host).c_str(), &address.sin_addr) == 1);
  address.sin_port = htons(static_cast<uint16_t>(std::stoi(port)));
  return address;
}

inline bool connects(const base::Fd& socket, const std::string& to) {
  const sockaddr_in there = numbers_of("127.0.0.1", to.substr(to.find(':') + 1));
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0;
}

inline base::Fd connect_from(std::string_view source, const std::string& to) {
  base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in from = numbers_of(source, "0");
  REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0);
  REQUIRE(connects(socket, to));
  return socket;
}

}  // namespace bakehouse::service
