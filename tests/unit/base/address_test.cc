#include "base/address.hh"

#include <doctest/doctest.h>

#include <string>

namespace address_test {

using namespace bakehouse::base;

namespace {

std::string describe(const std::string& text, Port need = Port::required) {
  const auto address = parse_address(text, need);
  if (!address) return "none";
  return address->host + " " + std::to_string(address->port) + (address->is_six ? " six" : "");
}

}  // namespace

TEST_CASE("an address is a host and a port, one of IPv6 in brackets") {
  CHECK(describe("127.0.0.1:8000") == "127.0.0.1 8000");
  CHECK(describe("db.example:65535") == "db.example 65535");
  CHECK(describe("[::1]:1") == "::1 1 six");
  CHECK(describe("localhost", Port::optional) == "localhost 0");
  CHECK(describe("[::1]", Port::optional) == "::1 0 six");
}

TEST_CASE("what leaves open which host or port is meant is no address") {
  for (const std::string text :
       {"", ":", ":80", "localhost", "localhost:", "localhost:0", "localhost:080", "localhost:65536",
        "localhost:http", "localhost:80 ", "localhost:+80", "::1:80", "[::1]", "[]:80", "[localhost]:80",
        "[::1:80", "[::1]80", "[::1]:"}) {
    CAPTURE(text);
    CHECK(describe(text) == "none");
  }
  CHECK(describe(std::string("a\0b:80", 6)) == "none");
  for (const std::string text : {"", "::1", "[localhost]", "localhost:"}) {
    CAPTURE(text);
    CHECK(describe(text, Port::optional) == "none");
  }
}

}  // namespace address_test
