#include "config/authority.hh"

namespace bakehouse::config {
namespace {

bool is_host(const base::Address& address) {
  constexpr std::string_view of_name = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  constexpr std::string_view of_six = "0123456789abcdefABCDEF:.";
  return address.host.find_first_not_of(address.is_six ? of_six : of_name) == std::string::npos;
}

}  // namespace

bool is_authority(std::string_view text, base::Port need) {
  const auto address = base::parse_address(text, need);
  return address && is_host(*address);
}

}  // namespace bakehouse::config
