#include "service/unit_socket.hh"

#include "base/error.hh"
#include "support/failure.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace unit_socket_test {

using namespace bakehouse;
using namespace bakehouse::service;
using support::failure;

namespace {

const UnitSettings settings{"shop", "/srv/shop", "/bin/true", UnitSettings::Scope::system, 252};

ServiceSpec process(const std::string& name, std::vector<std::string> sockets) {
  ServiceSpec spec;
  spec.name = name;
  spec.argv = {"/bin/cat"};
  spec.directory = "/srv/shop/run";
  spec.log = "/srv/shop/.bakehouse/logs/web.log";
  spec.sockets = std::move(sockets);
  return spec;
}

std::string text_of(const std::vector<Unit>& units, const std::string& name) {
  const auto found = std::ranges::find(units, name, &Unit::name);
  REQUIRE(found != units.end());
  return found->text;
}

bool holds(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("systemd listens for a process, and starts nothing of it when somebody connects") {
  const auto units = make_units({process("web", {"127.0.0.1:8000"})}, settings);
  CHECK(units.size() == 8);
  CHECK(text_of(units, "bakehouse-shop@127.0.0.1-8000.socket") ==
        R"unit(# Made by Bakehouse for /srv/shop, and made anew by each deployment.
[Unit]
Description=shop: who connects to 127.0.0.1:8000 waits here
DefaultDependencies=no
Requires=bakehouse-recover@shop.service
After=bakehouse-recover@shop.service
Conflicts=shutdown.target
Before=shutdown.target
StopPropagatedFrom=bakehouse-shop.target

[Socket]
ListenStream=127.0.0.1:8000
Backlog=4096
FreeBind=yes
TriggerLimitIntervalSec=0
)unit");
  CHECK(text_of(units, "bakehouse-shop@127.0.0.1-8000.service") ==
        R"unit(# Made by Bakehouse for /srv/shop, and made anew by each deployment.
[Unit]
Description=shop: nothing, when somebody connects to 127.0.0.1:8000 and no process runs
DefaultDependencies=no
Conflicts=shutdown.target
Before=shutdown.target
BindsTo=bakehouse-shop@127.0.0.1-8000.socket

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/true
)unit");
  const std::string web = text_of(units, "bakehouse-shop-web.service");
  CHECK(holds(web, "Requires=bakehouse-shop@127.0.0.1-8000.socket"));
  CHECK(holds(web, "Sockets=bakehouse-shop@127.0.0.1-8000.socket"));
  CHECK(holds(web, "Environment=\"LISTEN_FDNAMES=web\""));
  CHECK(holds(text_of(units, "bakehouse-shop.target"), "Wants=bakehouse-shop@127.0.0.1-8000.socket"));
}

TEST_CASE("processes that share an address share its socket, each by its own name") {
  const auto units = make_units({process("web.1", {"[::1]:80"}), process("web.2", {"[::1]:80"})}, settings);
  CHECK(units.size() == 9);
  for (const char* name : {"web.1", "web.2"}) {
    const std::string text = text_of(units, service_name("shop", name));
    CHECK(holds(text, "Sockets=bakehouse-shop@--1-80.socket"));
    CHECK(holds(text, "Environment=\"LISTEN_FDNAMES=" + std::string(name) + "\""));
  }
  CHECK(holds(text_of(units, "bakehouse-shop@--1-80.socket"), "ListenStream=[::1]:80"));
}

TEST_CASE("a systemd that propagates no stops alone closes the sockets for a restart of all") {
  UnitSettings older = settings;
  older.version = 248;
  const auto units = make_units({process("web", {"127.0.0.1:8000"})}, older);
  CHECK(holds(text_of(units, "bakehouse-shop@127.0.0.1-8000.socket"), "PartOf=bakehouse-shop.target"));
}

TEST_CASE("what is no address has no socket") {
  for (const char* address : {"8000", "localhost:80", "127.0.0.1:0", "127.0.0.1:80\nAccept=yes"}) {
    CAPTURE(address);
    CHECK(failure([&] {
            make_units({process("web", {address})}, settings);
          }).find("is no address to listen at") != std::string::npos);
  }
}

}  // namespace unit_socket_test
