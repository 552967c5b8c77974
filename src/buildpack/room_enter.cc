#include "buildpack/room_enter.hh"

#include "buildpack/room_mount.hh"

#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdint>

#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bakehouse::buildpack {
namespace {

// Only async-signal-safe calls below this line: other threads of our parent may have held any lock.

constexpr int kept_fd = 3;

// What a build does as root on its own files. Not here, on purpose: whatever could mount, make or use
// devices, read files by handle, look into other processes or change the machine.
constexpr int kept_capabilities[] = {CAP_CHOWN,      CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID,
                                     CAP_KILL,       CAP_SETGID,       CAP_SETUID, CAP_NET_BIND_SERVICE,
                                     CAP_SYS_CHROOT, CAP_SETFCAP};

bool is_kept(int capability) {
  for (const int kept : kept_capabilities) {
    if (kept == capability) return true;
  }
  return false;
}

bool write_to(const char* path, const char* text, size_t size) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool written = ::write(fd, text, size) == static_cast<ssize_t>(size);
  const int code = errno;
  ::close(fd);
  errno = code;
  return written;
}

bool map_user(const RoomEntrance& entrance) {
  // A process that changed its user owns its own /proc files only when it may be looked into.
  ::prctl(PR_SET_DUMPABLE, 1);
  return write_to("/proc/self/setgroups", "deny", 4) &&
         write_to("/proc/self/uid_map", entrance.uid_map.data(), entrance.uid_map.size()) &&
         write_to("/proc/self/gid_map", entrance.gid_map.data(), entrance.gid_map.size());
}

// A waiting process is a copy of ours with all its memory: nobody in the room may look into it, and it must
// hold nothing open that somebody waits for or has locked.
void hide(int fd) {
  ::prctl(PR_SET_DUMPABLE, 0);
  ::dup2(fd, kept_fd);
  ::syscall(SYS_close_range, kept_fd + 1, UINT_MAX, 0);
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

[[noreturn]] void end_as(int status) {
  if (WIFSIGNALED(status)) {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::signal(WTERMSIG(status), SIG_DFL);
    sigset_t mask;
    sigemptyset(&mask);
    ::sigaddset(&mask, WTERMSIG(status));
    ::sigprocmask(SIG_UNBLOCK, &mask, nullptr);
    ::kill(::getpid(), WTERMSIG(status));
  }
  ::_exit(WEXITSTATUS(status));
}

// Outside: ends as the program did, of which `first` tells.
[[noreturn]] void wait_outside(pid_t first, int told) {
  hide(told);
  int status = wait_for(first);
  int of_program = 0;
  if (::read(kept_fd, &of_program, sizeof of_program) == sizeof of_program) status = of_program;
  end_as(status);
}

// Inside, as the first process: the kernel kills all others with it.
[[noreturn]] void wait_inside(pid_t program, int tell) {
  hide(tell);
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, 0);
    if (ended != program) continue;
    [[maybe_unused]] const ssize_t written = ::write(kept_fd, &status, sizeof status);
    ::_exit(0);
  }
}

bool bring_loopback_up() {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  ifreq request{};
  request.ifr_name[0] = 'l';
  request.ifr_name[1] = 'o';
  request.ifr_flags = IFF_UP;
  const bool up = ::ioctl(fd, SIOCSIFFLAGS, &request) == 0;
  const int code = errno;
  ::close(fd);
  errno = code;
  return up;
}

// For the program and whatever it starts; it takes effect when the program is executed.
bool drop_rights() {
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability) {
    if (!is_kept(capability) && ::prctl(PR_CAPBSET_DROP, capability) != 0) return false;
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

// The first process of the room. Its parent cannot be seen from here, so that the pipe tells whether it
// lives.
int furnish_and_start(const RoomEntrance& entrance, int tell) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  pollfd parent{tell, 0, 0};
  if (::poll(&parent, 1, 0) != 0) ::_exit(127);
  const int failed = furnish_room(*entrance.steps);
  if (failed != 0) return failed;
  if (entrance.steps->offline && !bring_loopback_up()) return network_failed;
  const pid_t program = ::_Fork();
  if (program < 0) return start_failed;
  if (program > 0) wait_inside(program, tell);
  return drop_rights() ? 0 : rights_failed;
}

}  // namespace

int enter_room(const RoomEntrance& entrance) {
  // Until the program is executed nothing of our parent's handlers may run here; and those who wait must not
  // be ended by a signal that is meant for the program, which is in the same group.
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  const int user = entrance.user_namespace ? CLONE_NEWUSER : 0;
  const int network = entrance.steps->offline ? CLONE_NEWNET : 0;
  if (::unshare(user | network | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC) != 0) return unshare_failed;
  if (entrance.user_namespace && !map_user(entrance)) return user_map_failed;
  int told[2];
  if (::pipe2(told, O_CLOEXEC) != 0) return start_failed;
  const pid_t first = ::_Fork();
  if (first < 0) return start_failed;
  if (first > 0) wait_outside(first, told[0]);
  ::close(told[0]);
  return furnish_and_start(entrance, told[1]);
}

}  // namespace bakehouse::buildpack
