#include "service/listener.hh"

#include "base/error.hh"

#include "address.hh"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace listener_test {

using namespace bakehouse;
using namespace bakehouse::service;
using base::Fd;

namespace {

std::vector<Fd> connections(int count, const std::string& to, std::string_view source = "127.0.0.1") {
  std::vector<Fd> made;
  for (int i = 0; i < count; ++i) made.push_back(connect_from(source, to));
  return made;
}

std::string refusal_of(const std::string& address) {
  try {
    Listener::open(address);
  } catch (const base::Error& error) {
    return std::to_string(base::exit_code(error.fault())) + ": " + error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("connections wait at a listener until somebody accepts them") {
  const Listener listener = Listener::open(free_address());
  CHECK(listener.waiting() == 0);
  const auto made = connections(3, listener.address());
  CHECK(listener.waiting() == 3);
  const Fd accepted(::accept(listener.socket().get(), nullptr, nullptr));
  CHECK(accepted);
  CHECK(listener.waiting() == 2);
}

TEST_CASE("beside the one that serves a second gets probes alone, until it takes over") {
  const Listener serving = Listener::open(free_address());
  const auto before = connections(20, serving.address());
  const Listener next = Listener::open_beside(serving);
  const auto meanwhile = connections(20, serving.address());
  const auto probes = connections(3, serving.address(), probe_source);
  CHECK(serving.waiting() == 40);
  CHECK(next.waiting() == 3);
  next.take_over();
  const auto after = connections(20, serving.address());
  CHECK(serving.waiting() == 40);
  CHECK(next.waiting() == 23);
}

TEST_CASE("who has taken over serves alone, and others are tried beside it, again and again") {
  Listener serving = Listener::open(free_address());
  std::vector<Fd> left_behind;  // by processes of old releases that live on
  for (int i = 0; i < 5; ++i) {
    CAPTURE(i);
    {
      // One that was found wanting leaves nothing behind.
      const Listener failed = Listener::open_beside(serving);
      const auto probe = connections(1, serving.address(), probe_source);
      CHECK(failed.waiting() == 1);
    }
    Listener next = Listener::open_beside(serving);
    left_behind.emplace_back(::dup(serving.socket().get()));
    next.take_over();
    serving = std::move(next);
    const auto made = connections(10, serving.address());
    CHECK(serving.waiting() == 10);
  }
}

TEST_CASE("an address that is none, or taken, is refused in words") {
  for (const char* address : {"", "8000", "localhost:80", "127.0.0.1:", "127.0.0.1:0", "::1:80",
                              "[127.0.0.1]:80", ":80", "127.0.0.1:99999"})
    CHECK_MESSAGE(refusal_of(address).starts_with("3: '" + std::string(address) + "' is no address"),
                  address);
  const Fd other(::socket(AF_INET, SOCK_STREAM, 0));
  const std::string taken = free_address();
  const sockaddr_in there = numbers_of("127.0.0.1", taken.substr(taken.find(':') + 1));
  REQUIRE(::bind(other.get(), reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0);
  REQUIRE(::listen(other.get(), 1) == 0);
  CHECK(refusal_of(taken) == "3: another program listens at " + taken);
  CHECK_FALSE(can_be_shared("[::1]:80"));
  CHECK(can_be_shared("0.0.0.0:80"));
}

}  // namespace listener_test
