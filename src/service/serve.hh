// The life of a supervisor: `release serve`, or the helper in the background.
#pragma once

#include "base/event.hh"
#include "service/spec.hh"

#include <filesystem>
#include <functional>
#include <vector>

namespace bakehouse::service {

// How `release stop` leaves it: in the foreground it waits to be told again.
enum class Stay { foreground, background };

struct Serving {
  std::filesystem::path state;  // `.bakehouse` of the root
  std::vector<ServiceSpec> specs = {};
  Stay stay = Stay::foreground;
};

// Takes over what a supervisor that was killed has left. In the foreground there are `specs` then and no
// others (none is fine: it waits to be told); in the background it only waits. Listens on
// `<state>/supervisor.sock` for the transactions of this root, returns with everything stopped after SIGINT
// or SIGTERM, or when the root was removed. Error(locked) when another supervisor runs here.
// `<state>/supervisor.lock`, held by descriptor, tells whether one lives, so that a socket left by a killed
// one is never mistaken for it. `ready` is called once everything is started and whoever connects is
// answered.
void serve(const Serving& serving, const base::EventSink& events, const std::function<void()>& ready);

// What one in the background has to tell.
std::filesystem::path supervisor_log(const std::filesystem::path& state);

}  // namespace bakehouse::service
