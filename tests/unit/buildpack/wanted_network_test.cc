#include "buildpack/wanted_network.hh"

#include <doctest/doctest.h>

namespace wanted_network_test {

using namespace bakehouse::buildpack;

TEST_CASE("decision 1 offline: that the network was not reached is recognised in many programs' words") {
  for (const char* line : {
           "curl: (6) Could not resolve host: example.org",
           "wget: unable to resolve host address 'example.org'",
           "fatal: unable to access 'https://example.org/x/': Could not resolve host: example.org",
           "npm error code EAI_AGAIN",
           "Error: getaddrinfo ENOTFOUND example.org",
           "socket.gaierror: [Errno -3] Temporary failure in name resolution",
           "dial tcp: lookup example.org on [::1]:53: server misbehaving",
           "dial tcp: lookup example.org: no such host",
           "connect to 192.0.2.1 port 80: Network is unreachable",
           "warning: spurious network error: [7] Couldn't resolve host name",
       }) {
    CAPTURE(line);
    CHECK(speaks_of_network(line));
  }
}

TEST_CASE("decision 1 offline: other lines do not speak of the network") {
  for (const char* line : {"", "compiling network.c", "cannot open 'x': No such file or directory",
                           "resolved 12 packages", "the host is debian"}) {
    CAPTURE(line);
    CHECK_FALSE(speaks_of_network(line));
  }
}

}  // namespace wanted_network_test
