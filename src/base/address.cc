#include "base/address.hh"

#include <charconv>

namespace bakehouse::base {
namespace {

std::optional<uint16_t> parse_port(std::string_view text) {
  uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  if (!is_whole || text.front() == '0') return std::nullopt;
  return number;
}

// A bare address of IPv6 would leave open which of its colons begins the port.
std::optional<Address> parse_host(std::string_view text) {
  Address address;
  address.is_six = text.size() >= 2 && text.front() == '[' && text.back() == ']';
  if (address.is_six) text = text.substr(1, text.size() - 2);
  const bool has_colon = text.find(':') != std::string_view::npos;
  if (text.empty() || text.find('\0') != std::string_view::npos || address.is_six != has_colon)
    return std::nullopt;
  address.host = text;
  return address;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text, Port need) {
  const size_t bracket = text.rfind(']');
  const size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return need == Port::optional ? parse_host(text) : std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  auto address = parse_host(text.substr(0, colon));
  if (!port || !address) return std::nullopt;
  address->port = *port;
  return address;
}

}  // namespace bakehouse::base
