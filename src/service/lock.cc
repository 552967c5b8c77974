#include "service/lock.hh"

#include "base/error.hh"

#include <unistd.h>

namespace bakehouse::service {
namespace {

std::filesystem::path lock_file(const base::Dir& state) { return state.path() / "supervisor.lock"; }

}  // namespace

SupervisorLock SupervisorLock::take(const base::Dir& state, const base::Clock& clock) {
  auto lock = base::FileLock::try_take(
      lock_file(state), fmt::format("pid {}, since {}", ::getpid(), base::iso_datetime(clock.seconds())),
      clock);
  if (lock) return SupervisorLock(*std::move(lock));
  throw base::Error(
      base::Fault::locked,
      fmt::format("a supervisor runs already for '{}' ({})", state.path().native(),
                  holder(state).value_or("just ended")),
      "`release stop` ends one in the background; where it runs in the foreground, end it there");
}

std::optional<std::string> SupervisorLock::holder(const base::Dir& state) {
  return base::FileLock::holder(lock_file(state));
}

}  // namespace bakehouse::service
