#include "service/unit_timer.hh"

#include "service/unit_parts.hh"

#include <fmt/format.h>

#include <array>

namespace bakehouse::service {
namespace {

using base::Schedule;

// "*" for all that there are of them.
std::string number_list(const std::vector<int>& numbers, size_t all) {
  if (numbers.size() == all) return "*";
  std::string list;
  for (const int number : numbers) list += fmt::format("{}{:02}", list.empty() ? "" : ",", number);
  return list;
}

// With the blank behind it; "" for any.
std::string weekday_list(const std::vector<int>& weekdays) {
  static constexpr std::array<const char*, 7> names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  if (weekdays.size() == names.size()) return {};
  std::string list;
  for (const int weekday : weekdays)
    list += fmt::format("{}{}", list.empty() ? "" : ",", names.at(static_cast<size_t>(weekday)));
  return list + " ";
}

std::string make_timer(const ServiceSpec& spec, const UnitSettings& settings) {
  std::string text = unit_head(settings, fmt::format("{}: when {} is due", settings.project, spec.name));
  text += early_lines(settings);
  // Targets of the system's manager alone.
  if (settings.scope == UnitSettings::Scope::system) text += "After=time-set.target time-sync.target\n";
  text += stop_with_target(settings) + "\n[Timer]\n";
  for (const std::string& time : calendar_times(Schedule::parse(spec.schedule)))
    text += fmt::format("OnCalendar={}\n", time);
  // What was missed while the machine was down, or a deployment under way, stays left out.
  text += "AccuracySec=1s\nPersistent=no\n";
  return text + fmt::format("Unit={}\n", due_name(settings.project, spec.name));
}

std::string make_due(const ServiceSpec& spec, const UnitSettings& settings) {
  const std::string text = unit_head(settings, fmt::format("{}: {} is due", settings.project, spec.name));
  return text + fmt::format("Wants={}\nStopWhenUnneeded=yes\n", service_name(settings.project, spec.name));
}

}  // namespace

std::string timer_name(std::string_view project, std::string_view process) {
  return fmt::format("bakehouse-{}-{}.timer", project, process);
}

std::string due_name(std::string_view project, std::string_view process) {
  return fmt::format("bakehouse-{}@{}.target", project, process);
}

std::vector<std::string> calendar_times(const Schedule& schedule) {
  const std::string months = number_list(schedule.numbers(Schedule::month), 12);
  const std::string days = number_list(schedule.numbers(Schedule::day), 31);
  const std::string weekdays = weekday_list(schedule.numbers(Schedule::weekday));
  const std::string time = fmt::format("{}:{}:00", number_list(schedule.numbers(Schedule::hour), 24),
                                       number_list(schedule.numbers(Schedule::minute), 60));
  if (!schedule.either_day()) return {fmt::format("{}*-{}-{} {}", weekdays, months, days, time)};
  return {fmt::format("*-{}-{} {}", months, days, time), fmt::format("{}*-{}-* {}", weekdays, months, time)};
}

std::vector<Unit> make_timer_units(const ServiceSpec& spec, const UnitSettings& settings) {
  return {{timer_name(settings.project, spec.name), make_timer(spec, settings)},
          {due_name(settings.project, spec.name), make_due(spec, settings)}};
}

}  // namespace bakehouse::service
