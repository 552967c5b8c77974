#include "net/tcp.hh"

#include "base/address.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/fd.hh"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <memory>
#include <vector>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

namespace bakehouse::net {
namespace {

using base::Error;
using base::Fault;
using base::Fd;
using base::printable;
using SteadyTime = std::chrono::steady_clock::time_point;

[[noreturn]] void refuse(const std::string& address) {
  throw Error(Fault::input, fmt::format("'{}' is no address", printable(address)),
              "write host:port, or [address]:port for IPv6");
}

base::Address parse(const std::string& address) {
  auto parsed = base::parse_address(address);
  if (!parsed) refuse(address);
  return *std::move(parsed);
}

using Addresses = std::unique_ptr<addrinfo, decltype([](addrinfo* list) { ::freeaddrinfo(list); })>;

Addresses look_up(const base::Address& address) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int outcome =
      ::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &wanted, &list);
  if (outcome == 0) return Addresses(list);
  throw Error(Fault::input, outcome == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(outcome));
}

// Connections on their way to each address of a host. All are tried at once, so that one which
// swallows packets takes no time from the others.
class Attempts {
 public:
  explicit Attempts(const std::string& source) : source_(source) {}

  void begin(const addrinfo& address) {
    Fd socket(::socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const bool is_ready = socket && come_from_source(socket, address);
    if (is_ready && ::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0) {
      connected_ = true;
    } else if (is_ready && errno == EINPROGRESS) {
      watched_.push_back({socket.get(), POLLOUT, 0});
      sockets_.push_back(std::move(socket));
    } else {
      last_error_ = errno;
    }
  }

  // Throws when none is left or the time is over.
  void await_one(SteadyTime deadline) {
    while (!connected_) {
      if (sockets_.empty()) throw Error(Fault::input, std::strerror(last_error_));
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      const int wait = static_cast<int>(std::clamp<long long>(left.count(), 0, INT_MAX));
      const int ready = ::poll(watched_.data(), watched_.size(), wait);
      if (ready > 0) collect();
      if (ready == 0 && wait == 0) throw Error(Fault::input, "no connection in time");
    }
  }

 private:
  bool come_from_source(const Fd& socket, const addrinfo& address) const {
    if (source_.empty()) return true;
    sockaddr_in source{};
    source.sin_family = AF_INET;
    if (address.ai_family != AF_INET || ::inet_pton(AF_INET, source_.c_str(), &source.sin_addr) != 1) {
      errno = EAFNOSUPPORT;
      return false;
    }
    return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&source), sizeof source) == 0;
  }

  void collect() {
    for (size_t i = watched_.size(); i-- > 0;) {
      if (watched_[i].revents == 0) continue;
      int error = 0;
      socklen_t size = sizeof error;
      ::getsockopt(watched_[i].fd, SOL_SOCKET, SO_ERROR, &error, &size);
      if (error == 0) connected_ = true;
      last_error_ = error;
      watched_.erase(watched_.begin() + static_cast<ptrdiff_t>(i));
      sockets_.erase(sockets_.begin() + static_cast<ptrdiff_t>(i));
    }
  }

  const std::string& source_;
  std::vector<Fd> sockets_;
  std::vector<pollfd> watched_;  // as sockets_
  bool connected_ = false;
  int last_error_ = 0;
};

bool leads_here(const sockaddr& address) {
  constexpr uint32_t network = 127;
  if (address.sa_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
    return IN6_IS_ADDR_LOOPBACK(&six.sin6_addr) != 0;
  }
  const auto& four = reinterpret_cast<const sockaddr_in&>(address);
  return ntohl(four.sin_addr.s_addr) >> 24 == network;
}

}  // namespace

void tcp_probe(const std::string& address, std::chrono::milliseconds limit, const std::string& source) {
  const base::Address parsed = parse(address);
  const auto deadline = std::chrono::steady_clock::now() + limit;
  base::with_context(fmt::format("cannot connect to '{}'", printable(address)), [&] {
    const Addresses addresses = look_up(parsed);
    Attempts attempts(source);
    for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) attempts.begin(*each);
    attempts.await_one(deadline);
  });
}

bool is_loopback(const std::string& address) {
  const Addresses addresses = look_up(parse(address));
  for (const addrinfo* each = addresses.get(); each != nullptr; each = each->ai_next) {
    if (!leads_here(*each->ai_addr)) return false;
  }
  return true;
}

}  // namespace bakehouse::net
