// Where something listens, as people write it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bakehouse::base {

struct Address {
  std::string host;     // without brackets; whether there is such a host is not asked
  uint16_t port = 0;    // 0 where it was left out
  bool is_six = false;  // an address of IPv6, which stands in brackets
};

enum class Port { required, optional };

// "host:port", "[::1]:port"; nullopt for what is no address.
std::optional<Address> parse_address(std::string_view text, Port need = Port::required);

}  // namespace bakehouse::base
