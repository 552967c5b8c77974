#include "config/url.hh"

#include "config/authority.hh"

#include <algorithm>

namespace bakehouse::config {
namespace {

bool is_visible_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; });
}

struct Parts {
  std::string_view scheme;  // with its "://"
  std::string_view user;    // with its '@', or empty
  std::string_view host;    // with its port
  std::string_view rest;
};

Parts split(std::string_view url) {
  const size_t mark = url.find("://");
  const size_t begin = mark == std::string_view::npos ? 0 : mark + 3;
  const std::string_view behind = url.substr(begin);
  const size_t end = std::min(behind.find_first_of("/?#"), behind.size());
  const std::string_view authority = behind.substr(0, end);
  const size_t at = authority.rfind('@');
  const size_t host = at == std::string_view::npos ? 0 : at + 1;
  return {url.substr(0, begin), authority.substr(0, host), authority.substr(host), behind.substr(end)};
}

bool is_sound(const Parts& parts) {
  return (parts.scheme == "http://" || parts.scheme == "https://") &&
         is_authority(parts.host, base::Port::optional);
}

}  // namespace

bool is_url(std::string_view text) {
  const Parts parts = split(text);
  return is_visible_text(text) && is_sound(parts) && parts.user.empty();
}

bool is_url_with_user(std::string_view text) { return is_visible_text(text) && is_sound(split(text)); }

std::string public_part(std::string_view url) {
  const Parts parts = split(url);
  const bool is_bare = parts.rest.empty() || parts.rest == "/";
  return std::string(parts.scheme) + std::string(parts.host) + (is_bare ? "" : "/...");
}

std::string without_passwords(std::string_view text) {
  std::string masked;
  for (;;) {
    const size_t mark = text.find("://");
    if (mark == std::string_view::npos) return masked.append(text);
    masked.append(text.substr(0, mark + 3));
    text.remove_prefix(mark + 3);
    const size_t end = std::min(text.find_first_of(" \t\n\"'<>"), text.size());
    const size_t at = text.substr(0, end).rfind('@');
    if (at == std::string_view::npos) continue;
    masked += "***";
    text.remove_prefix(at);
  }
}

}  // namespace bakehouse::config
