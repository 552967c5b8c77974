// What counts as an URL, and what of one may be shown. Private to this folder but for `without_passwords`.
#pragma once

#include <string>
#include <string_view>

namespace bakehouse::config {

// http:// or https://, a host, and a port where one is named.
bool is_url(std::string_view text);
// The same, and "user:password@" may stand before the host.
bool is_url_with_user(std::string_view text);

// "https://example.org:8443/...": a path can be as secret as a password.
std::string public_part(std::string_view url);
// Any text, with "***" for what stands between "://" and "@" in it.
std::string without_passwords(std::string_view text);

}  // namespace bakehouse::config
