#include "phase/lock.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/process.hh"

#include <fmt/format.h>

#include <cerrno>
#include <climits>
#include <cstdlib>

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <unistd.h>

namespace bakehouse::phase {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;

base::Fd open_lock(const fs::path& path) {
  base::Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) base::fail_os("open the lock", path.native());
  return file;
}

bool try_lock(const base::Fd& file, int how, const fs::path& path) {
  while (::flock(file.get(), how | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) base::fail_os("lock", path.native());
  }
  return true;
}

std::string read_text(const base::Fd& file, const fs::path& path) {
  std::string text(4096, '\0');
  text.resize(base::read_some_at(file, text, 0, path.native()));
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.empty() ? "somebody who has not said who" : base::printable(text);
}

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
  base::Fd file = open_lock(path);
  if (!try_lock(file, LOCK_EX, path)) {
    throw Error(Fault::locked, fmt::format("'{}' is locked by {}", path.native(), read_text(file, path)),
                "wait until it has ended and try again");
  }
  const std::string text = fmt::format("{}: {}, process {}, boot {}, since {}\n", describe_user(), purpose,
                                       ::getpid(), base::boot_id(), base::iso_datetime(clock.seconds()));
  if (::ftruncate(file.get(), 0) != 0) base::fail_os("write", path.native());
  base::write_all(file, text, path.native());
  return Lock(std::move(file));
}

std::optional<std::string> Lock::holder(const fs::path& path) {
  base::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return std::nullopt;
  if (try_lock(file, LOCK_SH, path)) return std::nullopt;
  return read_text(file, path);
}

}  // namespace bakehouse::phase
