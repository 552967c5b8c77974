#include "launch/exec_d.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/fd.hh"
#include "base/pointers.hh"
#include "launch/exec_d_output.hh"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bakehouse::launch {
namespace {

using base::Error;
using base::Fault;
using base::Fd;
using base::pointers;

constexpr int output_number = 3;
constexpr size_t largest_output = 1024 * 1024;

// What is set up in the child between fork and exec.
class Actions {
 public:
  Actions() { ::posix_spawn_file_actions_init(&actions_); }
  ~Actions() { ::posix_spawn_file_actions_destroy(&actions_); }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;

  posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

pid_t start(const std::string& program, const std::filesystem::path& application,
            const Environment& environment, const Fd& output) {
  Actions actions;
  ::posix_spawn_file_actions_addchdir_np(actions.get(), application.c_str());
  ::posix_spawn_file_actions_adddup2(actions.get(), output.get(), output_number);
  ::posix_spawn_file_actions_addopen(actions.get(), 0, "/dev/null", O_RDONLY, 0);
  const std::vector<std::string> argv{program};
  const std::vector<std::string> variables = to_list(environment);
  pid_t pid = -1;
  const int code = ::posix_spawn(&pid, program.c_str(), actions.get(), nullptr, pointers(argv).data(),
                                 pointers(variables).data());
  if (code != 0) throw base::os_error(code, "execute", program);
  return pid;
}

// Takes what has arrived; false once nothing can come any more.
bool drain(const Fd& output, std::string& text) {
  char buffer[16384];
  while (text.size() <= largest_output) {
    const ssize_t count = ::read(output.get(), buffer, sizeof buffer);
    if (count == 0) return false;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return true;  // EAGAIN: no more for the moment
    text.append(buffer, static_cast<size_t>(count));
  }
  return true;
}

// Until the program has ended: what it leaves running may keep the descriptor.
std::string read_output(const Fd& output, const Fd& ended) {
  ::fcntl(output.get(), F_SETFL, O_NONBLOCK);
  std::string text;
  for (bool open = true, runs = true; runs && text.size() <= largest_output;) {
    std::array<pollfd, 2> watched{pollfd{open ? output.get() : -1, POLLIN, 0},
                                  pollfd{ended.get(), POLLIN, 0}};
    ::poll(watched.data(), watched.size(), -1);
    runs = (watched[1].revents & POLLIN) == 0;
    if (open) open = drain(output, text);
  }
  return text;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

std::string describe(int status) {
  if (WIFSIGNALED(status)) {
    return fmt::format("was killed by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  }
  return fmt::format("exited with status {}", WEXITSTATUS(status));
}

std::string output_of(const std::string& program, const std::filesystem::path& application,
                      const Environment& environment) {
  base::Pipe pipe = base::make_pipe();
  const pid_t pid = start(program, application, environment, pipe.write);
  pipe.write.reset();
  const Fd ended(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!ended) base::fail_os("watch", program);
  std::string text = read_output(pipe.read, ended);
  const bool too_much = text.size() > largest_output;
  if (too_much) ::kill(pid, SIGKILL);
  const int status = wait_for(pid);
  if (too_much)
    throw Error(Fault::input, fmt::format("wrote more than {} bytes to descriptor 3", largest_output));
  if (status != 0) throw Error(Fault::input, describe(status));
  return text;
}

}  // namespace

void run_exec_d(const std::filesystem::path& program, const std::filesystem::path& application,
                Environment& environment) {
  const std::string& name = program.native();
  base::with_context(base::printable(name), [&] {
    const std::string text = output_of(name, application, environment);
    auto variables =
        base::with_context("what it wrote to descriptor 3", [&] { return parse_exec_d_output(text); });
    for (auto& [variable, value] : variables) environment.insert_or_assign(variable, std::move(value));
  });
}

}  // namespace bakehouse::launch
