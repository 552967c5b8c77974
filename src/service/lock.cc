#include "service/lock.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace bakehouse::service {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::Fd;

constexpr const char* lock_name = "supervisor.lock";

std::string shown(const Dir& state) { return (state.path() / lock_name).native(); }

bool try_lock(const Fd& file, int how, const Dir& state) {
  while (::flock(file.get(), how | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) base::fail_os("lock", shown(state));
  }
  return true;
}

// Whoever only asks for the holder has the lock for a moment, too; a supervisor has it for longer.
bool try_patiently(const Fd& file, const Dir& state, const base::Clock& clock) {
  constexpr int attempts = 5;
  for (int i = 1; !try_lock(file, LOCK_EX, state); ++i) {
    if (i == attempts) return false;
    clock.wait(std::chrono::milliseconds(20));
  }
  return true;
}

std::string read_text(const Fd& file, const Dir& state) {
  std::string text(1024, '\0');
  text.resize(base::read_some_at(file, text, 0, shown(state)));
  while (text.ends_with('\n')) text.pop_back();
  return text.empty() ? "somebody who has not said who" : base::printable(text);
}

}  // namespace

SupervisorLock SupervisorLock::take(const Dir& state, const base::Clock& clock) {
  Fd file(::openat(state.fd().get(), lock_name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) base::fail_os("open the lock", shown(state));
  if (!try_patiently(file, state, clock)) {
    throw Error(
        Fault::locked,
        fmt::format("a supervisor runs already for '{}' ({})", state.path().native(), read_text(file, state)),
        "stop it before starting another");
  }
  if (::ftruncate(file.get(), 0) != 0) base::fail_os("write", shown(state));
  base::write_all(file, fmt::format("pid {}, since {}\n", ::getpid(), base::iso_datetime(clock.seconds())),
                  shown(state));
  return SupervisorLock(std::move(file));
}

std::optional<std::string> SupervisorLock::holder(const Dir& state) {
  const Fd file(::openat(state.fd().get(), lock_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT) return std::nullopt;
    base::fail_os("open the lock", shown(state));
  }
  if (try_lock(file, LOCK_SH, state)) return std::nullopt;
  return read_text(file, state);
}

}  // namespace bakehouse::service
