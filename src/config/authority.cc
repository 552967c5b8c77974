#include "config/authority.hh"

#include <charconv>
#include <string>

namespace bakehouse::config {
namespace {

bool is_port(std::string_view text) {
  int number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end && text[0] != '0' && number >= 1 && number <= 65535;
}

bool is_host(std::string_view text) {
  constexpr std::string_view name = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  constexpr std::string_view address = "0123456789abcdefABCDEF:.";
  if (text.starts_with('[') && text.ends_with(']')) {
    return text.size() > 2 &&
           text.substr(1, text.size() - 2).find_first_not_of(address) == std::string_view::npos;
  }
  return !text.empty() && text.find_first_not_of(name) == std::string_view::npos;
}

}  // namespace

bool is_authority(std::string_view text, Port need) {
  const size_t bracket = text.rfind(']');
  const size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return need == Port::optional && is_host(text);
  return is_host(text.substr(0, colon)) && is_port(text.substr(colon + 1));
}

}  // namespace bakehouse::config
