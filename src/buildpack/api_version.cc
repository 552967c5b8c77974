#include "buildpack/api_version.hh"

#include "base/encoding.hh"
#include "buildpack/platform_exit.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace bakehouse::buildpack {
namespace {

// Digits only: from_chars alone would take a sign.
bool read_number(std::string_view text, int& number) {
  const bool is_digits =
      !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_digits && std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc();
}

}  // namespace

std::string ApiVersion::str() const { return fmt::format("{}.{}", major, minor); }

ApiVersion parse_api(std::string_view text) {
  const size_t dot = text.find('.');
  ApiVersion api;
  const bool is_version = read_number(text.substr(0, dot), api.major) &&
                          (dot == std::string_view::npos || read_number(text.substr(dot + 1), api.minor));
  if (is_version && api >= oldest_api && api <= newest_api) return api;
  const std::string message =
      is_version ? fmt::format("its buildpack API is {}, this program speaks {} to {}", base::printable(text),
                               oldest_api.str(), newest_api.str())
                 : fmt::format("'{}' is no version of the buildpack API", base::printable(text));
  throw PlatformFailure(
      PlatformExit::buildpack_api,
      base::Error(base::Fault::input, message,
                  is_version ? "use a release of the buildpack that was made for one of these"
                             : "it is two numbers with a dot between: \"0.12\""));
}

}  // namespace bakehouse::buildpack
