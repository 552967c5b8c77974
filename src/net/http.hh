// HTTP(S) as a client.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::net {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

struct HttpLimits {
  std::chrono::milliseconds time{std::chrono::seconds(10)};
  uint64_t body = 1024 * 1024;  // a longer one is an error
  int redirects = 0;            // that many are followed; further ones are an error, and 0 answers them
  std::string source = {};      // the address of this machine to ask from; "": as the kernel chooses
};

// One GET; no proxy is used for loopback addresses, only http and
// https are spoken. Throws Error(input) with the reason when no answer came.
HttpAnswer http_get(const std::string& url, const HttpLimits& limits);

struct HttpPost {
  std::string url;                   // may hold a password: no error repeats it
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  std::optional<std::filesystem::path> ca_file;  // certificates to believe in place of the system's
};
// One POST, with the rules of http_get; of the answer's body the beginning is kept, and what is longer than
// the limit ends the reading without an error: the status says whether it was taken.
HttpAnswer http_post(const HttpPost& post, const HttpLimits& limits);

}  // namespace bakehouse::net
