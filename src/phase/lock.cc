#include "phase/lock.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/process.hh"

#include <fmt/format.h>

#include <climits>
#include <cstdlib>

#include <pwd.h>
#include <unistd.h>

namespace bakehouse::phase {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;

}  // namespace

std::string describe_user() {
  const passwd* entry = ::getpwuid(::geteuid());
  std::string user = entry != nullptr ? entry->pw_name : fmt::format("uid {}", ::geteuid());
  if (const char* invoker = std::getenv("SUDO_USER"))
    user = fmt::format("{} (by sudo)", base::printable(invoker));
  char host[HOST_NAME_MAX + 1] = {};
  ::gethostname(host, sizeof host - 1);
  return fmt::format("{} on {}", user, base::printable(host));
}

Lock Lock::take(const fs::path& path, const std::string& purpose, const base::Clock& clock) {
  auto lock =
      base::FileLock::try_take(path,
                               fmt::format("{}: {}, process {}, boot {}, since {}", describe_user(), purpose,
                                           ::getpid(), base::boot_id(), base::iso_datetime(clock.seconds())),
                               clock);
  if (lock) return Lock(*std::move(lock));
  throw Error(
      Fault::locked,
      fmt::format("'{}' is locked by {}", path.native(), holder(path).value_or("somebody who just ended")),
      "wait until it has ended and try again");
}

std::optional<std::string> Lock::holder(const fs::path& path) { return base::FileLock::holder(path); }

}  // namespace bakehouse::phase
