// What a supervisor does between commands: sees ends, and starts what is due.
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/process_group.hh"
#include "service/record.hh"
#include "service/running.hh"
#include "service/supervisor.hh"

#include <algorithm>
#include <csignal>

namespace bakehouse::service {

using base::Error;
using base::Event;
using base::printable;
using std::chrono::milliseconds;

std::vector<int> Supervisor::watched() const {
  std::vector<int> descriptors;
  for (const auto& service : services_) {
    if (service->process) descriptors.push_back(service->process->ended().get());
  }
  return descriptors;
}

milliseconds Supervisor::next_wake() const {
  milliseconds wait = std::chrono::hours(1);
  const auto now = clock_.steady();
  for (const auto& service : services_) {
    if (service->process || waits_for_trial(*service)) continue;
    const auto left = service->recurs
                          ? milliseconds(1000 * service->next) - milliseconds(clock_.milliseconds())
                          : std::chrono::ceil<milliseconds>(service->due - now);
    wait = std::min(wait, left);
  }
  return std::max(wait, milliseconds(0));
}

bool Supervisor::waits_for_trial(const Running& service) const { return is_trial_ && !service.is_beside; }

bool Supervisor::is_due(const Running& service) const {
  if (service.process || waits_for_trial(service)) return false;
  return service.recurs ? clock_.seconds() >= service.next : clock_.steady() >= service.due;
}

void Supervisor::tend() {
  for (const auto& service : services_) {
    if (service->process && service->process->has_ended()) note_end(*service);
    if (is_due(*service)) restart(*service);
  }
}

// The rest of its group goes first: it may hold the port that the next one needs.
void Supervisor::note_end(Running& service) {
  const std::string name = printable(service.spec.name);
  if (service.process->is_adopted()) {
    end_remains({service.spec, service.id, service.restarts, service.is_beside});
  } else {
    service.process->signal_group(SIGKILL);
  }
  if (!base::await_end({service.process->pid()}, clock_.steady() + kill_limit, clock_)) {
    tell(Event::Kind::warning, fmt::format("{} has left a process that does not end", name));
  }
  service.last_end = service.process->describe_end();
  service.process.reset();
  if (service.recurs) return schedule_next(service);
  if (clock_.steady() - service.started >= settings_.steady_after) service.delay = settings_.first_delay;
  schedule(service);
}

void Supervisor::schedule(Running& service) {
  const milliseconds delay = std::min(service.delay, settings_.longest_delay);
  service.due = clock_.steady() + delay;
  service.delay = std::min(delay * 2, settings_.longest_delay);
  tell(Event::Kind::warning,
       fmt::format("{} {}; again in {} ms", printable(service.spec.name), service.last_end, delay.count()));
}

// Reckoned from now on: what came while it still ran is left out, so that it never runs twice at once.
void Supervisor::schedule_next(Running& service) {
  service.next = service.recurs->next_after(clock_.seconds());
  const auto kind = service.last_end.empty() || service.last_end == "exited with status 0"
                        ? Event::Kind::note
                        : Event::Kind::warning;
  tell(kind, fmt::format("{} {}{}is due at {}", printable(service.spec.name), service.last_end,
                         service.last_end.empty() ? "" : "; it ", base::iso_datetime(service.next)));
}

void Supervisor::restart(Running& service) {
  if (!service.recurs) ++service.restarts;
  try {
    launch(service);
  } catch (const Error& error) {
    service.last_end = fmt::format("could not be started ({})", error.what());
    service.recurs ? schedule_next(service) : schedule(service);
  }
}

}  // namespace bakehouse::service
