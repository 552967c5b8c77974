#include "service/listener.hh"

#include "base/address.hh"
#include "base/encoding.hh"
#include "base/error.hh"

#include <cerrno>
#include <cstring>
#include <vector>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace bakehouse::service {
namespace {

using base::Error;
using base::Fault;
using base::Fd;

// The place of a socket among those that listen at one address is when it began to; those that end make room.
enum Place : uint32_t { serving_place = 0, beside_place = 1 };

[[noreturn]] void refuse_address(const std::string& address) {
  throw Error(Fault::input, fmt::format("'{}' is no address to listen at", base::printable(address)),
              "write it in numbers, 127.0.0.1:8000 or [::]:8000");
}

// Numbers alone: who listens where is not for a name server to say.
struct ListenAddress {
  sockaddr_storage numbers{};
  socklen_t size = 0;

  int family() const { return numbers.ss_family; }
  const sockaddr* plain() const { return reinterpret_cast<const sockaddr*>(&numbers); }
};

ListenAddress four(const std::string& host, uint16_t port, const std::string& address) {
  sockaddr_in numbers{};
  numbers.sin_family = AF_INET;
  numbers.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &numbers.sin_addr) != 1) refuse_address(address);
  ListenAddress parsed;
  std::memcpy(&parsed.numbers, &numbers, sizeof numbers);
  parsed.size = sizeof numbers;
  return parsed;
}

ListenAddress six(const std::string& host, uint16_t port, const std::string& address) {
  sockaddr_in6 numbers{};
  numbers.sin6_family = AF_INET6;
  numbers.sin6_port = htons(port);
  if (::inet_pton(AF_INET6, host.c_str(), &numbers.sin6_addr) != 1) refuse_address(address);
  ListenAddress parsed;
  std::memcpy(&parsed.numbers, &numbers, sizeof numbers);
  parsed.size = sizeof numbers;
  return parsed;
}

ListenAddress parse_listen_address(const std::string& address) {
  const auto parsed = base::parse_address(address);
  if (!parsed) refuse_address(address);
  return parsed->is_six ? six(parsed->host, parsed->port, address)
                        : four(parsed->host, parsed->port, address);
}

void set_option(const Fd& socket, int option, const std::string& address) {
  const int on = 1;
  if (::setsockopt(socket.get(), SOL_SOCKET, option, &on, sizeof on) != 0)
    base::fail_os("listen at", address);
}

enum class Company { allowed, refused };

// Whether somebody else may listen at the address, if he allows it as well.
Fd bind_socket(const std::string& address, Company company) {
  const ListenAddress place = parse_listen_address(address);
  Fd socket(::socket(place.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) base::fail_os("listen at", address);
  set_option(socket, SO_REUSEADDR, address);
  if (company == Company::allowed) set_option(socket, SO_REUSEPORT, address);
  if (::bind(socket.get(), place.plain(), place.size) == 0) return socket;
  if (errno == EADDRINUSE) {
    throw Error(Fault::input, fmt::format("another program listens at {}", address),
                "end it, or give the process another address in node.yaml");
  }
  throw base::os_error(errno, "listen at", address).as(Fault::input);
}

void begin_to_listen(const Fd& socket, const std::string& address) {
  if (::listen(socket.get(), most_waiting) != 0)
    throw base::os_error(errno, "listen at", address).as(Fault::input);
}

// Gives every new connection at that address to the socket whose place the program names.
void route(const Fd& socket, std::vector<sock_filter> program, const std::string& address) {
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter, sizeof filter) != 0)
    base::fail_os("divide the connections at", address);
}

std::vector<sock_filter> to_place(Place place) { return {BPF_STMT(BPF_RET | BPF_K, place)}; }

std::vector<sock_filter> probes_beside() {
  constexpr uint32_t source_of_packet = static_cast<uint32_t>(SKF_NET_OFF) + 12;  // in the header of IPv4
  in_addr probe{};
  ::inet_pton(AF_INET, std::string(probe_source).c_str(), &probe);
  return {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, source_of_packet),
          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohl(probe.s_addr), 0, 1),
          BPF_STMT(BPF_RET | BPF_K, beside_place), BPF_STMT(BPF_RET | BPF_K, serving_place)};
}

}  // namespace

Listener Listener::open(const std::string& address) {
  Fd socket = bind_socket(address, Company::allowed);
  begin_to_listen(socket, address);
  return {address, std::move(socket)};
}

Listener Listener::open_beside(const Listener& serving) {
  const std::string& address = serving.address_;
  if (!can_be_shared(address)) {
    throw Error(Fault::input,
                fmt::format("{}: no release can be tried beside another one over IPv6", address),
                "listen at an address of IPv4, or use the strategy restart");
  }
  Fd socket = bind_socket(address, Company::allowed);
  // Before it listens: the first connection is for it otherwise.
  route(serving.socket_, probes_beside(), address);
  begin_to_listen(socket, address);
  return {address, std::move(socket)};
}

std::optional<Listener> Listener::adopt(const std::string& address, base::Fd socket) {
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0)
    return std::nullopt;
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  const ListenAddress wanted = parse_listen_address(address);
  if (::getsockname(socket.get(), reinterpret_cast<sockaddr*>(&bound), &length) != 0 ||
      length != wanted.size || std::memcmp(&bound, &wanted.numbers, length) != 0)
    return std::nullopt;
  return Listener(address, std::move(socket));
}

Listener& Listener::operator=(Listener&& other) noexcept {
  const Listener old(std::move(*this));  // ends as listeners end
  address_ = std::move(other.address_);
  socket_ = std::move(other.socket_);
  return *this;
}

// Also where a process that was left behind still has it: it would keep its place, and get connections.
Listener::~Listener() {
  if (socket_) ::shutdown(socket_.get(), SHUT_RDWR);
}

uint32_t Listener::waiting() const {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
    base::fail_os("ask who waits at", address_);
  return info.tcpi_unacked;  // of a listening socket: connections to be accepted
}

void Listener::take_over() const { route(socket_, to_place(beside_place), address_); }

void require_address(const std::string& address) { parse_listen_address(address); }

void require_free(const std::string& address) { bind_socket(address, Company::refused); }

bool can_be_shared(const std::string& address) { return parse_listen_address(address).family() == AF_INET; }

}  // namespace bakehouse::service
