// Whether something listens.
#pragma once

#include <chrono>
#include <string>

namespace bakehouse::net {

// "host:port" or "[v6]:port". Throws Error(input) with the reason when no connection came about.
void tcp_probe(const std::string& address, std::chrono::milliseconds limit);

}  // namespace bakehouse::net
