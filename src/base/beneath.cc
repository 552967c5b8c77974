#include "base/beneath.hh"

#include "base/fd.hh"

#include <atomic>
#include <cerrno>
#include <string>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bakehouse::base {
namespace {

// Old kernels lack openat2 and some sandboxes answer EPERM; both are found out once.
std::atomic<bool> kernel_resolves{true};

int open_by_kernel(int dir, const TreePath& path, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  for (;;) {
    const long fd = ::syscall(SYS_openat2, dir, path.str().c_str(), &how, sizeof how);
    // EAGAIN: something was renamed during the walk, so the kernel could not prove it safe.
    if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) return static_cast<int>(fd);
  }
}

int open_part(int dir, const std::string& name, int flags, mode_t mode = 0) {
  const int fd = ::openat(dir, name.c_str(), flags | O_NOFOLLOW, mode);
  if (fd < 0 && errno == ENOTDIR) {
    struct stat raw {};
    const bool is_link = ::fstatat(dir, name.c_str(), &raw, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(raw.st_mode);
    errno = is_link ? ELOOP : ENOTDIR;  // the kernel's own answer to a link
  }
  return fd;
}

int open_by_component(int dir, const TreePath& path, int flags, mode_t mode) {
  if (path.is_top()) {
    errno = ENOENT;
    return -1;
  }
  Fd walked;
  const auto parts = path.parts();
  for (size_t i = 0; i + 1 < parts.size(); ++i) {
    Fd next(open_part(walked ? walked.get() : dir, std::string(parts[i]), way_flags));
    if (!next) return -1;
    walked = std::move(next);
  }
  return open_part(walked ? walked.get() : dir, std::string(parts.back()), flags, mode);
}

}  // namespace

int open_beneath(int dir, const TreePath& path, int flags, mode_t mode) {
  if (kernel_resolves) {
    const int fd = open_by_kernel(dir, path, flags, mode);
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return fd;
    const int probe = open_by_kernel(dir, TreePath::parse("x"), O_PATH | O_CLOEXEC, 0);
    if (probe >= 0) ::close(probe);
    const bool supported = probe >= 0 || (errno != ENOSYS && errno != EPERM);
    if (supported) {
      errno = EPERM;
      return -1;
    }
    kernel_resolves = false;
  }
  return open_by_component(dir, path, flags, mode);
}

int open_beneath_by(Resolve how, int dir, const TreePath& path, int flags, mode_t mode) {
  return how == Resolve::kernel ? open_by_kernel(dir, path, flags, mode)
                                : open_by_component(dir, path, flags, mode);
}

}  // namespace bakehouse::base
