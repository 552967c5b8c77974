#include "buildpack/room_mount.hh"

#include "buildpack/room_enter.hh"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bakehouse::buildpack {
namespace {

// Only async-signal-safe calls below this line. The current directory is the new root.

constexpr size_t longest_mount_name = 256;

// Opens one part of a path, making a directory or file of that name where there is none. A link is refused:
// the trees that are bound are foreign, and one of theirs could lead the mount elsewhere.
int open_part(int directory, const char* name, bool as_directory) {
  const int kind = as_directory ? O_DIRECTORY : 0;
  const int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  const int found = ::openat(directory, name, flags | kind);
  if (found >= 0 || errno != ENOENT) return found;
  if (as_directory) {
    if (::mkdirat(directory, name, 0755) != 0 && errno != EEXIST) return -1;
  } else {
    const int made = ::openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (made < 0 && errno != EEXIST) return -1;
    ::close(made);
  }
  return ::openat(directory, name, flags | kind);
}

bool is_link(int fd) {
  struct stat found {};
  return ::fstat(fd, &found) == 0 && S_ISLNK(found.st_mode);
}

// Makes sure that `path` exists and leads through no link.
bool make_place(const char* path, bool as_directory) {
  int at = ::open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  while (at >= 0 && *path != '\0') {
    const char* const end = ::strchrnul(path, '/');
    char name[longest_mount_name];
    const auto length = static_cast<size_t>(end - path);
    if (length >= sizeof name) {
      ::close(at);
      errno = ENAMETOOLONG;
      return false;
    }
    std::memcpy(name, path, length);
    name[length] = '\0';
    const int next = open_part(at, name, *end == '/' || as_directory);
    const int code = errno;
    ::close(at);
    errno = code;
    at = next;
    path = *end == '/' ? end + 1 : end;
  }
  if (at < 0) return false;
  const bool link = is_link(at);
  ::close(at);
  if (link) errno = ELOOP;
  return !link;
}

bool bind(const char* source, const char* at) {
  struct stat found {};
  return ::stat(source, &found) == 0 && make_place(at, S_ISDIR(found.st_mode)) &&
         ::mount(source, at, nullptr, MS_BIND | MS_REC, nullptr) == 0;
}

bool make_read_only(const char* at) {
  mount_attr change{};
  change.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV;
  return ::mount_setattr(AT_FDCWD, at, AT_RECURSIVE | AT_SYMLINK_NOFOLLOW, &change, sizeof change) == 0;
}

// In a user namespace the kernel shows the processes only to those who could see them whole before: not in a
// container that hides parts of /proc. Then the host's are shown, in which "self" is right all the same.
bool show_processes(const char* at, unsigned long flags) {
  return make_place(at, true) && (::mount("proc", at, "proc", flags, nullptr) == 0 ||
                                  ::mount("/proc", at, nullptr, MS_BIND | MS_REC, nullptr) == 0);
}

bool move(const char* source, const char* at) {
  return make_place(at, true) && ::mount(source, at, nullptr, MS_MOVE, nullptr) == 0 && ::rmdir(source) == 0;
}

bool perform(const RoomStep& step) {
  const char* const at = step.at.empty() ? "." : step.at.c_str();
  const char* const source = step.source.c_str();
  switch (step.what) {
    case RoomStep::Do::memory:
      return make_place(at, true) && ::mount("bakehouse", at, "tmpfs", step.flags, source) == 0;
    case RoomStep::Do::link: return ::symlink(source, at) == 0;
    case RoomStep::Do::bind: return bind(source, at);
    case RoomStep::Do::move: return move(source, at);
    case RoomStep::Do::read_only: return make_read_only(at);
    case RoomStep::Do::remount:
      return ::mount(nullptr, at, nullptr, MS_REMOUNT | MS_BIND | step.flags, nullptr) == 0;
    case RoomStep::Do::processes: return show_processes(at, step.flags);
    case RoomStep::Do::terminals:
      return make_place(at, true) &&
             ::mount("devpts", at, "devpts", step.flags, "newinstance,ptmxmode=0666,mode=0620") == 0;
  }
  return false;
}

// What was refused because the kernel or this user cannot, not because the step was wrong.
bool can_be_left_out(const RoomStep& step) {
  if (!step.may_be_missing) return false;
  return errno == ENOENT || errno == EACCES || step.what == RoomStep::Do::terminals;
}

bool change_root() {
  // Both at one place: the old root then lies on top of the new one, and is taken off.
  return ::syscall(SYS_pivot_root, ".", ".") == 0 && ::umount2(".", MNT_DETACH) == 0 && ::chdir("/") == 0;
}

}  // namespace

int furnish_room(const RoomSteps& room) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return private_mounts_failed;
  const char* const root = room.new_root.c_str();
  // Unbindable: what is shown of the host may hold this very directory.
  if (::mount("bakehouse", root, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0 ||
      ::mount(nullptr, root, nullptr, MS_UNBINDABLE, nullptr) != 0 || ::chdir(root) != 0)
    return new_root_failed;
  const mode_t mask = ::umask(022);
  int number = first_step;
  for (const RoomStep& step : room.steps) {
    if (!perform(step) && !can_be_left_out(step)) return number;
    ++number;
  }
  ::umask(mask);
  return change_root() ? 0 : change_root_failed;
}

}  // namespace bakehouse::buildpack
