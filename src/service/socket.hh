// The supervisor's socket, `<state>/supervisor.sock`. It is bound and reached through the
// descriptor of its directory, because the address of a Unix socket has room for 108 bytes only.
#pragma once

#include "base/dir.hh"
#include "base/fd.hh"

#include <chrono>
#include <optional>
#include <string>

namespace bakehouse::service {

// Replaces what a killed supervisor left: the caller holds the lock. Nothing blocks on the result
// nor on what it accepts.
base::Fd listen_at(const base::Dir& state);
void remove_socket(const base::Dir& state) noexcept;

// Empty when nobody waits. Whoever is neither this user nor root is turned away.
base::Fd accept_own(const base::Fd& listener);

// nullopt when nobody listens.
std::optional<base::Fd> connect_to(const base::Dir& state);

// Sends one line and returns the one that comes back, without its end. Throws when `limit` passes
// or the other side hangs up first.
std::string ask(const base::Fd& socket, std::string_view line, std::chrono::milliseconds limit);

}  // namespace bakehouse::service
