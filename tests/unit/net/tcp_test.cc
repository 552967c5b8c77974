#include "net/tcp.hh"

#include "listener.hh"

#include <doctest/doctest.h>

#include <string>

namespace tcp_test {

using namespace bakehouse;
using namespace std::chrono_literals;
using net::tcp_probe;

namespace {

std::string refusal(const std::string& address, std::chrono::milliseconds limit = 60s) {
  try {
    tcp_probe(address, limit);
  } catch (const base::Error& error) {
    CHECK(error.fault() == base::Fault::input);
    return error.what();
  }
  return "connected";
}

}  // namespace

TEST_CASE("what listens is found, by address and by name") {
  const net::Listener listener;
  CHECK(refusal(listener.address()) == "connected");
  // "localhost" may have an IPv6 address first, where nothing listens.
  CHECK(refusal("localhost:" + std::to_string(listener.port())) == "connected");
}

TEST_CASE("whoever is probed can tell by the address that was asked for") {
  const net::Listener listener;
  tcp_probe(listener.address(), 60s, "127.66.97.107");
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  const base::Fd accepted = listener.accept();
  REQUIRE(::getpeername(accepted.get(), reinterpret_cast<sockaddr*>(&peer), &size) == 0);
  CHECK(ntohl(peer.sin_addr.s_addr) == 0x7f42616b);
}

TEST_CASE("an address is this machine's own, or not only") {
  for (const char* address : {"127.0.0.1:80", "127.9.9.9:80", "[::1]:80", "localhost:80"})
    CHECK(net::is_loopback(address));
  for (const char* address : {"192.0.2.1:80", "[2001:db8::1]:80", "0.0.0.0:80"})
    CHECK_FALSE(net::is_loopback(address));
}

TEST_CASE("where nothing listens the reason is said") {
  const std::string address = net::deserted_address();
  CHECK(refusal(address) == "cannot connect to '" + address + "': Connection refused");
}

TEST_CASE("a name that does not exist is said to be unknown") {
  CHECK(refusal("no-such-host.invalid:80").starts_with("cannot connect to 'no-such-host.invalid:80': "));
}

TEST_CASE("a host that does not answer is given up") {
  // A listener whose queue is full lets further connections wait.
  const base::Fd crowded(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const plain = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(crowded.get(), plain, size) == 0);
  REQUIRE(::listen(crowded.get(), 0) == 0);
  REQUIRE(::getsockname(crowded.get(), plain, &size) == 0);
  const base::Fd waiting(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(waiting.get(), plain, size) == 0);
  const std::string text = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  CHECK(refusal(text, 20ms) == "cannot connect to '" + text + "': no connection in time");
}

TEST_CASE("what is no address is refused as such") {
  for (const std::string text :
       {"", ":", "localhost", "localhost:", ":80", "localhost:0", "localhost:65536", "localhost:-1",
        "localhost:http", "localhost:80 ", "::1:80", "[::1]", "[]:80", "[localhost]:80", "[::1:80"}) {
    CAPTURE(text);
    CHECK(refusal(text) == "'" + text + "' is no address");
  }
}

TEST_CASE("an IPv6 address stands in brackets") {
  const std::string message = refusal("[::1]:1");
  CAPTURE(message);
  CHECK(message.starts_with("cannot connect to '[::1]:1': "));
}

}  // namespace tcp_test
