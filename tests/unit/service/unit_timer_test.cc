#include "service/unit_timer.hh"

#include "base/clock.hh"
#include "base/process.hh"
#include "support/zone.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>

namespace unit_timer_test {

using namespace bakehouse;
using namespace bakehouse::service;
using base::Schedule;
using Words = std::vector<std::string>;

namespace {

const UnitSettings settings{"shop", "/srv/shop", "/bin/true", UnitSettings::Scope::system, 252};

ServiceSpec report() {
  ServiceSpec spec;
  spec.name = "report";
  spec.argv = {"/bin/cat"};
  spec.directory = "/srv/shop/run";
  spec.log = "/srv/shop/.bakehouse/logs/report.log";
  spec.schedule = "*/20 2 * * *";
  return spec;
}

std::string text_of(const std::vector<Unit>& units, const std::string& name) {
  const auto found = std::ranges::find(units, name, &Unit::name);
  REQUIRE(found != units.end());
  return found->text;
}

constexpr size_t looked_at = 40;

// By systemd itself: "    Next elapse: Fri 2027-01-01 01:00:00 UTC", "       Iter. #2: Fri 2027-...".
Words times_by_systemd(const std::string& calendar, const std::string& after) {
  base::Command command;
  command.argv = {"systemd-analyze", "calendar", "--base-time=" + after,
                  "--iterations=" + std::to_string(looked_at), calendar};
  command.environment = {"PATH=/usr/bin:/bin", "TZ=UTC", "LC_ALL=C.UTF-8"};
  Words times;
  const auto status = base::run(command, {}, [&](std::string_view line) {
    constexpr size_t length = std::string_view("2027-01-01 01:00:00 UTC").size();
    if (!line.ends_with(" UTC") || line.size() < length) return;
    const std::string time(line.substr(line.size() - length));
    times.push_back(time.substr(0, 10) + "T" + time.substr(11, 8) + "Z");
  });
  CAPTURE(calendar);
  REQUIRE(status.ok());
  return times;
}

Words times_by_systemd(const Words& calendars, const std::string& after) {
  Words times;
  for (const std::string& calendar : calendars) {
    const Words more = times_by_systemd(calendar, after);
    times.insert(times.end(), more.begin(), more.end());
  }
  std::ranges::sort(times);
  times.erase(std::unique(times.begin(), times.end()), times.end());
  times.resize(std::min(times.size(), looked_at));
  return times;
}

Words times_of(const Schedule& schedule, base::Seconds after) {
  Words times;
  while (times.size() < looked_at) {
    after = schedule.next_after(after);
    times.push_back(base::iso_datetime(after));
  }
  return times;
}

}  // namespace

TEST_CASE("a process with a schedule is started by a timer, and not when it has ended") {
  const auto units = make_units({report()}, settings);
  CHECK(units.size() == 8);
  CHECK(text_of(units, "bakehouse-shop-report.timer") ==
        R"unit(# Made by Bakehouse for /srv/shop, and made anew by each deployment.
[Unit]
Description=shop: when report is due
DefaultDependencies=no
Requires=bakehouse-recover@shop.service
After=bakehouse-recover@shop.service
Conflicts=shutdown.target
Before=shutdown.target
After=time-set.target time-sync.target
StopPropagatedFrom=bakehouse-shop.target

[Timer]
OnCalendar=*-*-* 02:00,20,40:00
AccuracySec=1s
Persistent=no
Unit=bakehouse-shop@report.target
)unit");
  CHECK(text_of(units, "bakehouse-shop@report.target") ==
        R"unit(# Made by Bakehouse for /srv/shop, and made anew by each deployment.
[Unit]
Description=shop: report is due
Wants=bakehouse-shop-report.service
StopWhenUnneeded=yes
)unit");
  const std::string service = text_of(units, "bakehouse-shop-report.service");
  CHECK(service.find("Restart=") == std::string::npos);
  CHECK(service.find("PartOf=") == std::string::npos);
  const std::string target = text_of(units, "bakehouse-shop.target");
  CHECK(target.find("Wants=bakehouse-shop-report.timer\n") != std::string::npos);
  CHECK(target.find("report.service") == std::string::npos);
}

TEST_CASE("a schedule is written as systemd writes times") {
  const struct {
    const char* schedule;
    Words times;
  } rows[] = {
      {"* * * * *", {"*-*-* *:*:00"}},
      {"*/20 8-9 * jan *", {"*-01-* 08,09:00,20,40:00"}},
      {"0 0 * * mon-wed,7", {"Sun,Mon,Tue,Wed *-*-* 00:00:00"}},
      {"0 0 */15 * 5", {"Fri *-*-01,16,31 00:00:00"}},
      {"30 2 13 * fri", {"*-*-13 02:30:00", "Fri *-*-* 02:30:00"}},
      {"0 0 1-31 * 0-6", {"*-*-* 00:00:00", "*-*-* 00:00:00"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.schedule);
    CHECK(calendar_times(Schedule::parse(row.schedule)) == row.times);
  }
}

TEST_CASE("systemd reckons the same times as the supervisor") {
  if (!std::filesystem::exists("/usr/bin/systemd-analyze")) {
    MESSAGE("skipped: systemd is not installed");
    return;
  }
  const support::Zone zone("UTC0");
  constexpr base::Seconds new_year = 1767225600;  // 2026-01-01T00:00:00Z, a Thursday
  for (const char* text :
       {"* * * * *", "*/7 * * * *", "5,35 8-18/2 * * mon-fri", "0 0 29 2 *", "15 4 31 * *", "0 12 13 * fri",
        "0 12 */10 * 1", "59 23 1-7 dec,jun *", "0 6 * * sun", "1 1 30 2 7"}) {
    CAPTURE(text);
    const Schedule schedule = Schedule::parse(text);
    CHECK(times_by_systemd(calendar_times(schedule), "2026-01-01 00:00:00 UTC") ==
          times_of(schedule, new_year));
  }
}

}  // namespace unit_timer_test
