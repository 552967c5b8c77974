// Units that start a process when it is due. Private to this folder.
#pragma once

#include "base/schedule.hh"
#include "service/unit.hh"

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::service {

std::string timer_name(std::string_view project, std::string_view process);
// What the timer starts, and what wants the service. It ends at once, so that a time which comes while the
// process still runs is left out; a timer of a service would make up for it afterwards.
std::string due_name(std::string_view project, std::string_view process);

// As systemd.time(7) writes it: two times where one of the two kinds of day is enough, either of which it is
// then.
std::vector<std::string> calendar_times(const base::Schedule& schedule);

// Two units for a process with a schedule. Error(input) for one that is none.
std::vector<Unit> make_timer_units(const ServiceSpec& spec, const UnitSettings& settings);

}  // namespace bakehouse::service
