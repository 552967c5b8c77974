// Whether something listens.
#pragma once

#include <chrono>
#include <string>

namespace bakehouse::net {

// "host:port" or "[v6]:port". Throws Error(input) with the reason when no connection came about. `source` is
// the IPv4 address of this machine to come from, "" as the kernel chooses.
void tcp_probe(const std::string& address, std::chrono::milliseconds limit, const std::string& source = {});

// Whether all that this address names is this machine's loopback interface.
bool is_loopback(const std::string& address);

}  // namespace bakehouse::net
