#include "phase/lock.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/process.hh"

#include <fmt/format.h>

#include <charconv>
#include <climits>
#include <csignal>
#include <cstdlib>

#include <pwd.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bakehouse::phase {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;

std::string ourselves(const std::string& purpose, const base::Clock& clock) {
  return fmt::format("{}: {}, process {}, boot {}, since {}", describe_user(), purpose, ::getpid(),
                     base::boot_id(), base::iso_datetime(clock.seconds()));
}

std::optional<base::FileLock> try_take(const fs::path& path, const std::string& purpose,
                                       const base::Clock& clock) {
  return base::FileLock::try_take(path, ourselves(purpose, clock), clock);
}

[[noreturn]] void refuse(const fs::path& path, const std::optional<std::string>& holder) {
  throw Error(Fault::locked,
              fmt::format("'{}' is locked by {}", path.native(), holder.value_or("somebody who just ended")),
              "wait until it has ended and try again");
}

// As `try_take` wrote it. nullopt of who holds it on another boot: the file outlives its writer's machine.
std::optional<pid_t> process_in(const std::string& text) {
  constexpr std::string_view before = ", process ";
  const size_t begin = text.rfind(before);
  if (begin == std::string::npos || text.find(", boot " + base::boot_id(), begin) == std::string::npos)
    return std::nullopt;
  const char* const digits = text.data() + begin + before.size();
  pid_t pid = 0;
  const auto error = std::from_chars(digits, text.data() + text.size(), pid).ec;
  return error == std::errc() && pid > 0 ? std::optional(pid) : std::nullopt;
}

bool has_open(pid_t pid, const fs::path& path) {
  std::error_code failure;
  const fs::path wanted = fs::canonical(path, failure);
  for (auto file = fs::directory_iterator(fmt::format("/proc/{}/fd", pid), failure);
       !failure && file != fs::directory_iterator(); file.increment(failure)) {
    std::error_code gone;
    if (fs::read_symlink(file->path(), gone) == wanted) return true;
  }
  return false;
}

}  // namespace

std::string host_name() {
  char host[HOST_NAME_MAX + 1] = {};
  ::gethostname(host, sizeof host - 1);
  return base::printable(host);
}

std::string describe_user() {
  const passwd* entry = ::getpwuid(::geteuid());
  std::string user = entry != nullptr ? entry->pw_name : fmt::format("uid {}", ::geteuid());
  if (const char* invoker = std::getenv("SUDO_USER"))
    user = fmt::format("{} (by sudo)", base::printable(invoker));
  return fmt::format("{} on {}", user, host_name());
}

void Lock::say_who(const std::string& purpose, const base::Clock& clock) const {
  lock_.say(ourselves(purpose, clock));
}

Lock Lock::take(const fs::path& path, const std::string& purpose, const base::Clock& clock) {
  if (auto lock = try_take(path, purpose, clock)) return Lock(*std::move(lock));
  refuse(path, holder(path));
}

Lock Lock::wait_for(const fs::path& path, const std::string& purpose, const Surroundings& around,
                    std::chrono::milliseconds at_most) {
  constexpr std::chrono::milliseconds between(50);
  const auto until = around.clock.steady() + at_most;
  std::string told;
  for (;;) {
    if (auto lock = try_take(path, purpose, around.clock)) return Lock(*std::move(lock));
    const auto who = holder(path);
    if (around.clock.steady() >= until || around.cancelled()) refuse(path, who);
    if (who && *who != told && around.events)
      around.events({base::Event::Kind::note, "lock", "waiting for " + *who});
    told = who.value_or(told);
    around.clock.wait(between);
  }
}

std::optional<std::string> Lock::holder(const fs::path& path) { return base::FileLock::holder(path); }

std::optional<std::string> ask_holder_to_stop(const fs::path& path,
                                              const std::function<bool(const std::string& text)>& may) {
  auto text = Lock::holder(path);
  if (!text) return std::nullopt;
  const auto pid = process_in(*text);
  const base::Fd process(pid ? static_cast<int>(::syscall(SYS_pidfd_open, *pid, 0)) : -1);
  // The number may be another process's in another container, or now: only who has the file open can be it.
  // Asked with the process in hand, so that its number stays its own.
  const bool is_it = process && has_open(*pid, path) && may(*text);
  if (!Lock::holder(path)) return std::nullopt;
  if (!is_it)
    throw Error(Fault::refused, fmt::format("'{}' cannot be asked to stop", *text),
                "end it by hand: SIGTERM makes it undo");
  if (::syscall(SYS_pidfd_send_signal, process.get(), SIGTERM, nullptr, 0) != 0)
    base::fail_os("ask to stop", *text);
  return text;
}

}  // namespace bakehouse::phase
