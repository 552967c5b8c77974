#include "base/file_lock.hh"

#include "base/dir.hh"
#include "base/encoding.hh"
#include "base/error.hh"

#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bakehouse::base {
namespace {

namespace fs = std::filesystem;

bool try_lock(const Fd& file, int how, const fs::path& path) {
  while (::flock(file.get(), how | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) fail_os("lock", path.native());
  }
  return true;
}

// Whoever only asks for the holder has the lock for a moment, too; an owner has it for longer.
bool try_patiently(const Fd& file, const fs::path& path, const Clock& clock) {
  constexpr int attempts = 5;
  for (int i = 1; !try_lock(file, LOCK_EX, path); ++i) {
    if (i == attempts) return false;
    clock.wait(std::chrono::milliseconds(20));
  }
  return true;
}

// Whoever can open the file can hold the lock. Older versions let everybody read it.
void keep_others_out(const Fd& file, const fs::path& path) {
  constexpr mode_t owner_only = 0600;
  const FileStat stat = stat_of(file, path.native());
  if (stat.uid != ::geteuid() || stat.mode == owner_only) return;
  if (::fchmod(file.get(), owner_only) != 0) fail_os("set the mode of", path.native());
}

// A courtesy: without it the lock is no worse, and the work may be what makes room on a full disk.
void say_who(const Fd& file, const std::string& text, const fs::path& path) {
  try {
    if (::ftruncate(file.get(), 0) != 0 || ::lseek(file.get(), 0, SEEK_SET) != 0)
      fail_os("write", path.native());
    write_all(file, text + "\n", path.native());
  } catch (const Error& error) {
    if (error.os_error() != ENOSPC && error.os_error() != EDQUOT) throw;
  }
}

}  // namespace

std::optional<FileLock> FileLock::try_take(const fs::path& path, const std::string& text,
                                           const Clock& clock) {
  Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) fail_os("open the lock", path.native());
  keep_others_out(file, path);
  if (!try_patiently(file, path, clock)) return std::nullopt;
  say_who(file, text, path);
  return FileLock(std::move(file));
}

void FileLock::say(const std::string& text) const { say_who(file_, text, "the text of a lock"); }

std::optional<std::string> FileLock::holder(const fs::path& path) {
  constexpr size_t longest_text = 4096;
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) {
    if (errno == ENOENT || errno == EACCES) return std::nullopt;
    fail_os("open the lock", path.native());
  }
  if (try_lock(file, LOCK_SH, path)) return std::nullopt;
  std::string text(longest_text, '\0');
  text.resize(read_some_at(file, text, 0, path.native()));
  while (text.ends_with('\n')) text.pop_back();
  return text.empty() ? "somebody who has not said who" : printable(text);
}

}  // namespace bakehouse::base
