// Private keys and tokens that are known by their form. Private to this folder.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::bakery {

struct KnownToken {
  std::string what;    // for messages
  std::string anchor;  // four bytes and more that rarely stand elsewhere
  std::function<bool(std::string_view before, std::string_view behind)> is_real;
};

// From what must be seen before an anchor to what must be seen behind it.
constexpr size_t longest_known_token = 400;

const std::vector<KnownToken>& known_tokens();

}  // namespace bakehouse::bakery
