// A listening TCP socket that outlives the processes which accept from it.
#pragma once

#include "base/fd.hh"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bakehouse::service {

// Whoever connects from this address asks what is about to be put into service; everybody else, what is.
// It is an address of the loopback interface, so that only this machine can.
constexpr std::string_view probe_source = "127.66.97.107";

// How many may wait to be accepted; the kernel takes fewer where net.core.somaxconn says so.
constexpr int most_waiting = 4096;

// Two of them may listen at one address: the kernel gives each new connection to the one it is for, and what
// waits to be accepted stays where it is. So a release is tried while the one before serves, and takes over
// between two connections.
class Listener {
 public:
  // "127.0.0.1:8000", "[::]:8000": the numbers of an address. Error(input) when it is none, or taken.
  static Listener open(const std::string& address);
  // A second one at the address of `serving`, which alone goes on to get what does not come from
  // `probe_source`. Error(input) where that cannot be told: over IPv6.
  static Listener open_beside(const Listener& serving);
  // What a process of that address has been given, and has still; nullopt when it is no such socket.
  static std::optional<Listener> adopt(const std::string& address, base::Fd socket);
  Listener(Listener&&) noexcept = default;
  Listener& operator=(Listener&& other) noexcept;
  ~Listener();

  const base::Fd& socket() const { return socket_; }
  const std::string& address() const { return address_; }
  // Connections that nobody has accepted yet.
  uint32_t waiting() const;
  // From here on every new connection is for this one, which was opened beside the other.
  void take_over() const;

 private:
  Listener(std::string address, base::Fd socket) : address_(std::move(address)), socket_(std::move(socket)) {}

  std::string address_;
  base::Fd socket_;
};

// Error(input) unless these are the numbers of an address.
void require_address(const std::string& address);
// Error(input) when nobody could listen there at present: another program does, or it is no address of this
// machine.
void require_free(const std::string& address);
// Whether a release can be tried at that address while another one serves.
bool can_be_shared(const std::string& address);

}  // namespace bakehouse::service
