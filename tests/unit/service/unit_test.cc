#include "service/unit.hh"

#include "base/error.hh"
#include "service/systemd_control.hh"
#include "service/unit_text.hh"
#include "support/failure.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>

namespace unit_test {

using namespace bakehouse;
using namespace bakehouse::service;
using support::failure;

namespace {

const UnitSettings settings{"shop", "/srv/shop", "/bin/true", UnitSettings::Scope::system, 252};

ServiceSpec web() {
  ServiceSpec spec;
  spec.name = "web";
  spec.argv = {"/bin/bash", "-c", "echo 100%h \"$PORT\" >>'a b' ; exec cat\n"};
  spec.environment = {"PATH=/bin", "PORT=8080", "GREETING=it's 5 $ \\ \"now\""};
  spec.directory = "/srv/shop/run";
  spec.log = "/srv/shop/.bakehouse/logs/web.log";
  spec.writable = {"/srv/shop/run", "/srv/shop/data"};
  return spec;
}

std::string text_of(const std::vector<Unit>& units, const std::string& name) {
  const auto found = std::ranges::find(units, name, &Unit::name);
  REQUIRE(found != units.end());
  return found->text;
}

std::string unit_of(const ServiceSpec& spec, const UnitSettings& of = settings) {
  return text_of(make_units({spec}, of), service_name("shop", spec.name));
}

bool holds(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

std::string refusal(const ServiceSpec& spec) {
  return failure([&] { make_units({spec}, settings); });
}

}  // namespace

TEST_CASE("a process is a service that is started anew, ended whole, and sees little of the machine") {
  CHECK(unit_of(web()) ==
        R"unit(# Made by Bakehouse for /srv/shop, and made anew by each deployment.
[Unit]
Description=web of shop
Requires=bakehouse-recover@shop.service
After=bakehouse-recover@shop.service network.target
PartOf=bakehouse-shop.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=:"/bin/bash" "-c" "echo 100%%h \"$PORT\" >>'a b' ; exec cat\n"
Environment="PATH=/bin"
Environment="PORT=8080"
Environment="GREETING=it's 5 $ \\ \"now\""
WorkingDirectory=/srv/shop/run
Restart=always
RestartSec=1s
KillMode=control-group
KillSignal=15
TimeoutStopSec=5000ms
StandardOutput=append:/srv/shop/.bakehouse/logs/web.log
StandardError=inherit
LockPersonality=yes
NoNewPrivileges=yes
PrivateTmp=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
ReadWritePaths="/srv/shop/run" "/srv/shop/data"
)unit");
}

TEST_CASE("a target binds all, and others look after the transaction and the logs") {
  const auto units = make_units({web()}, settings);
  CHECK(units.size() == 6);
  CHECK(text_of(units, "bakehouse-shop.target") ==
        R"unit(# Made by Bakehouse for /srv/shop, and made anew by each deployment.
[Unit]
Description=shop: all its processes
Wants=bakehouse-recover@shop.service bakehouse-expire@shop.service
Wants=bakehouse-logs@shop.timer
Wants=bakehouse-shop-web.service

[Install]
WantedBy=multi-user.target
)unit");
  CHECK(text_of(units, "bakehouse-recover@shop.service") ==
        R"unit(# Made by Bakehouse for /srv/shop, and made anew by each deployment.
[Unit]
Description=shop: what an interrupted transaction left
RequiresMountsFor="/srv/shop"

[Service]
Type=oneshot
RemainAfterExit=yes
TimeoutStartSec=infinity
ExecStart=:"/bin/true" "recover" "--boot" "--root" "/srv/shop"
)unit");
  CHECK(text_of(units, "bakehouse-expire@shop.service") ==
        R"unit(# Made by Bakehouse for /srv/shop, and made anew by each deployment.
[Unit]
Description=shop: goes back unless it is confirmed
Requires=bakehouse-recover@shop.service
After=bakehouse-recover@shop.service
ConditionPathExists=/srv/shop/.bakehouse/provisional.json

[Service]
Type=exec
ExecStart=:"/bin/true" "expire" "--root" "/srv/shop"
)unit");
  CHECK(text_of(units, "bakehouse-logs@shop.timer") ==
        R"unit(# Made by Bakehouse for /srv/shop, and made anew by each deployment.
[Unit]
Description=shop: when logs are looked at
DefaultDependencies=no
Requires=bakehouse-recover@shop.service
After=bakehouse-recover@shop.service
Conflicts=shutdown.target
Before=shutdown.target
StopPropagatedFrom=bakehouse-shop.target

[Timer]
OnCalendar=minutely
AccuracySec=10s
)unit");
  CHECK(text_of(units, "bakehouse-logs@shop.service") ==
        R"unit(# Made by Bakehouse for /srv/shop, and made anew by each deployment.
[Unit]
Description=shop: logs are kept short
Requires=bakehouse-recover@shop.service
After=bakehouse-recover@shop.service

[Service]
Type=oneshot
ExecStart=:"/bin/true" "prune" "--logs" "--root" "/srv/shop" "--quiet"
)unit");
  CHECK(make_units({}, settings).size() == 3);
}

TEST_CASE("a process starts after those that its release says, and wants none of them") {
  ServiceSpec spec = web();
  spec.after = {"queue.1", "queue.2"};
  const std::string text = unit_of(spec);
  CHECK(holds(text, "After=bakehouse-shop-queue.1.service"));
  CHECK(holds(text, "After=bakehouse-shop-queue.2.service"));
  CHECK(text.find("Wants=") == std::string::npos);
}

TEST_CASE("systemd has nothing to say about any of these units") {
  if (!std::filesystem::exists("/usr/bin/systemd-analyze")) {
    MESSAGE("skipped: systemd is not installed");
    return;
  }
  const SystemdControl control(UnitSettings::Scope::system);
  ServiceSpec open = web();
  open.name = "open";
  open.is_hardened = false;
  ServiceSpec homely = web();
  homely.name = "homely";
  homely.user = "root";
  homely.hardening = {{"ProtectHome", "read-only"}, {"SystemCallFilter", "@system-service"}};
  ServiceSpec held = web();
  held.name = "held";
  held.sockets = {"127.0.0.1:8000", "[::1]:8000"};
  held.after = {"web", "report"};
  ServiceSpec report = web();
  report.name = "report";
  report.schedule = "30 2 13 * fri";
  control.verify(make_units({web(), open, homely, held, report}, settings));
  UnitSettings older = settings;
  older.version = 247;
  control.verify(make_units({held, report}, older));
  UnitSettings odd = settings;
  odd.root = "/srv/50% of \"all\" it's";
  ServiceSpec there = web();
  there.directory = odd.root / "run";
  there.log = odd.root / "web.log";
  there.writable = {odd.root / "run"};
  control.verify(make_units({there}, odd));
}

TEST_CASE("what systemd would only warn of is a fault") {
  if (!std::filesystem::exists("/usr/bin/systemd-analyze")) {
    MESSAGE("skipped: systemd is not installed");
    return;
  }
  const SystemdControl control(UnitSettings::Scope::system);
  for (const char* line : {"Restrat=always", "Restart=sometimes", "ExecStart=/no/such/program"}) {
    CAPTURE(line);
    auto units = make_units({web()}, settings);
    units.front().text += std::string(line) + "\n";
    CHECK(failure([&] { control.verify(units); }).starts_with("input: systemd does not accept the units"));
  }
}

TEST_CASE("newer versions of systemd wait longer from restart to restart") {
  UnitSettings newer = settings;
  newer.version = 254;
  CHECK(holds(unit_of(web(), newer), "RestartMaxDelaySec=10s"));
  CHECK_FALSE(holds(unit_of(web()), "RestartMaxDelaySec=10s"));
}

TEST_CASE("a node may take away more, less or nothing") {
  ServiceSpec spec = web();
  spec.user = "shop";
  spec.hardening = {{"PrivateTmp", "no"}, {"PrivateDevices", "yes"}};
  const std::string text = unit_of(spec);
  CHECK(holds(text, "User=shop"));
  CHECK(holds(text, "PrivateTmp=no"));
  CHECK(holds(text, "PrivateDevices=yes"));
  CHECK(holds(text, "ProtectSystem=strict"));
  spec.is_hardened = false;
  CHECK(unit_of(spec).find("Protect") == std::string::npos);
}

TEST_CASE("a root below /home or /tmp stays visible") {
  UnitSettings there = settings;
  there.root = "/home/anna/shop";
  CHECK(holds(unit_of(web(), there), "ProtectHome=read-only"));
  CHECK(holds(unit_of(web(), there), "PrivateTmp=yes"));
  there.root = "/var/tmp/shop";
  CHECK(holds(unit_of(web(), there), "ProtectHome=yes"));
  CHECK(holds(unit_of(web(), there), "PrivateTmp=no"));
  there.root = "/homework/shop";
  CHECK(holds(unit_of(web(), there), "ProtectHome=yes"));
}

TEST_CASE("an ordinary user's manager is asked for nothing that only the system's can do") {
  UnitSettings own = settings;
  own.scope = UnitSettings::Scope::user;
  const std::string text = unit_of(web(), own);
  CHECK(holds(text, "NoNewPrivileges=yes"));
  CHECK(text.find("ProtectSystem") == std::string::npos);
  CHECK(text.find("ReadWritePaths") == std::string::npos);
  CHECK(holds(text_of(make_units({}, own), "bakehouse-shop.target"), "WantedBy=default.target"));
}

TEST_CASE("words reach a program as they are, or not at all") {
  CHECK(unit_word("") == "\"\"");
  CHECK(unit_word("a b") == "\"a b\"");
  CHECK(unit_word("50%") == "\"50%%\"");
  CHECK(unit_word("$HOME ${X}") == "\"$HOME ${X}\"");
  CHECK(unit_word("\"\\") == "\"\\\"\\\\\"");
  CHECK(unit_word("1\n2\t3") == "\"1\\n2\\t3\"");
  CHECK(unit_word("g\xc3\xbc") == "\"g\xc3\xbc\"");
  CHECK(failure([] { unit_word("a\x1b[0m"); }) ==
        "input: 'a\\033[0m' cannot stand in a unit of systemd: it holds a control character");
  CHECK(failure([] { unit_word(std::string_view("a\0b", 3)); }).find("control character") !=
        std::string::npos);
  CHECK(failure([] { unit_word("a\xff"); }).find("it is no UTF-8") != std::string::npos);
  CHECK(unit_path("/srv/50% of it") == "/srv/50%% of it");
  for (const char* path : {"srv", "/srv/a\nExecStart=/bin/sh", "/srv/a\\", "/srv/a ", "/srv/\xff"}) {
    CAPTURE(path);
    CHECK(failure([&] { unit_path(path); }).find("cannot stand in a unit") != std::string::npos);
  }
}

TEST_CASE("what can be no unit is refused by its name") {
  ServiceSpec spec = web();
  spec.name = "web@1";
  CHECK(refusal(spec).starts_with("input: the process 'web@1' "));
  spec = web();
  spec.argv = {"sh"};
  CHECK(refusal(spec) == "input: the process 'web' has no command with an absolute path");
  spec = web();
  spec.environment = {"X=\x01"};
  CHECK(refusal(spec).starts_with("input: process 'web': 'X=\\001' cannot stand in a unit"));
  CHECK(failure([] { make_units({web(), web()}, settings); }) == "input: two processes are called 'web'");
}

TEST_CASE("when a timer elapses is told as the supervisor would tell it") {
  const struct {
    const char* shown;
    const char* next;
  } rows[] = {
      {"NextElapseUSecRealtime=Sat 2026-11-28 13:09:08 UTC\nActiveState=active\n", "2026-11-28T13:09:08Z"},
      {"NextElapseUSecRealtime=Sat 2026-11-28 13:09:08 UTC\nActiveState=inactive\n", ""},
      {"NextElapseUSecRealtime=Sat 2026-11-28 14:09:08 CET\nActiveState=active\n", ""},
      {"NextElapseUSecRealtime=\nActiveState=active\n", ""},
      {"", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.shown);
    CHECK(parse_next_time(row.shown) == row.next);
  }
}

TEST_CASE("what systemctl shows is told as the supervisor would tell it") {
  const struct {
    const char* shown;
    bool running;
    int pid;
    const char* last_end;
  } rows[] = {
      {"MainPID=42\nNRestarts=0\nExecMainCode=0\nExecMainStatus=0\nResult=success\nActiveState=active\n",
       true, 42, ""},
      {"MainPID=0\nNRestarts=1\nExecMainCode=1\nExecMainStatus=3\nResult=exit-code\nActiveState=activating\n",
       false, 0, "exited with status 3"},
      {"MainPID=0\nNRestarts=0\nExecMainCode=2\nExecMainStatus=9\nResult=signal\nActiveState=failed\n", false,
       0, "was killed by signal 9 (Killed)"},
      {"MainPID=42\nNRestarts=2\nExecMainCode=0\nResult=success\nActiveState=active\n", true, 42,
       "has ended and was started again"},
      {"MainPID=0\nNRestarts=0\nExecMainCode=0\nResult=resources\nActiveState=failed\n", false, 0,
       "could not be started (resources)"},
      {"MainPID=42\nNRestarts=0\nExecMainCode=0\nResult=success\nActiveState=deactivating\n", false, 0, ""},
      {"", false, 0, ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.shown);
    const ServiceState state = parse_unit_state(row.shown, "web");
    CHECK(state.name == "web");
    CHECK(state.running == row.running);
    CHECK(state.pid == row.pid);
    CHECK(state.last_end == row.last_end);
  }
}

TEST_CASE("variables that not everybody may see are in a file that the unit names") {
  ServiceSpec spec = web();
  CHECK(unit_of(spec).find("EnvironmentFile") == std::string::npos);
  spec.variables = "/srv/shop/.bakehouse/deployments/1/variables/env.web";
  CHECK(holds(unit_of(spec), "EnvironmentFile=/srv/shop/.bakehouse/deployments/1/variables/env.web"));
  // systemd takes it for a pattern.
  spec.variables = "/srv/[100%] *?\\/env";
  CHECK(holds(unit_of(spec), R"(EnvironmentFile=/srv/\[100%%] \*\?\\/env)"));
}

}  // namespace unit_test
