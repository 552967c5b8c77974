// The foreground life of the supervisor: `release serve`.
#pragma once

#include "base/event.hh"
#include "service/spec.hh"

#include <filesystem>
#include <functional>
#include <vector>

namespace bakehouse::service {

// Starts `specs` (none is fine: it waits to be told), listens on `<state>/supervisor.sock` for the
// transactions of this root, returns after SIGINT or SIGTERM with everything stopped. Error(locked)
// when another supervisor runs here. `<state>/supervisor.lock`, held by descriptor, tells whether
// one lives, so that a socket left by a killed one is never mistaken for it. `ready` is called once
// everything is started and whoever connects is answered.
void serve(const std::filesystem::path& state, const std::vector<ServiceSpec>& specs,
           const base::EventSink& events, const std::function<void()>& ready);

}  // namespace bakehouse::service
