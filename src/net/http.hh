// HTTP(S) as a client.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace bakehouse::net {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

struct HttpLimits {
  std::chrono::milliseconds time{std::chrono::seconds(10)};
  uint64_t body = 1024 * 1024;  // a longer one is an error
  int redirects = 0;            // that many are followed; further ones are an error, and 0 answers them
};

// One GET; no proxy is used for loopback addresses, only http and
// https are spoken. Throws Error(input) with the reason when no answer came.
HttpAnswer http_get(const std::string& url, const HttpLimits& limits);

}  // namespace bakehouse::net
