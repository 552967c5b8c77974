#include "base/error.hh"
#include "base/process.hh"
#include "base/process_group.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace bakehouse::base {
namespace {

class LineSplitter {
 public:
  explicit LineSplitter(const std::function<void(std::string_view)>& on_line) : on_line_(on_line) {}

  void take(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t end = bytes.find('\n');
      pending_ += bytes.substr(0, end);
      bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
      if (end != std::string_view::npos || pending_.size() > longest_line) flush();
    }
  }
  void finish() {
    if (!pending_.empty()) flush();
  }

 private:
  static constexpr size_t longest_line = 64 * 1024;

  void flush() {
    on_line_(pending_);
    pending_.clear();
  }

  const std::function<void(std::string_view)>& on_line_;
  std::string pending_;
};

// As much as a pipe holds at most (/proc/sys/fs/pipe-max-size).
constexpr size_t largest_pipe = 1024 * 1024;

// Reads what has arrived, bounded because a program may print faster than we read; false at the end.
bool drain(const Fd& output, LineSplitter& lines) {
  char buffer[16384];
  for (size_t total = 0; total < largest_pipe;) {
    const ssize_t count = ::read(output.get(), buffer, sizeof buffer);
    if (count > 0) {
      lines.take({buffer, static_cast<size_t>(count)});
      total += static_cast<size_t>(count);
    } else if (count == 0) {
      return false;
    } else if (errno != EINTR) {
      return true;  // EAGAIN: no more for the moment
    }
  }
  return true;
}

}  // namespace

void start_detached(Command command) {
  const Fd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (command.output == nullptr) command.output = &nowhere;
  command.lifetime = Command::Lifetime::own;
  ChildWork leave;
  leave.run = [] {
    const pid_t pid = ::fork();
    if (pid > 0) ::_exit(0);
    return pid < 0 || ::setsid() < 0 ? 1 : 0;
  };
  leave.explain = [](int /*failed*/, int code) { return os_error(code, "leave", "the session"); };
  command.child_work = &leave;
  Process::start(command).wait();
}

ExitStatus run(Command command, const Limits& limits,
               const std::function<void(std::string_view line)>& on_line) {
  Pipe pipe = make_pipe();
  ::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK);
  command.output = &pipe.write;
  Process process = Process::start(command);
  pipe.write.reset();

  LineSplitter lines(on_line);
  const auto deadline = std::chrono::steady_clock::now() + limits.time;
  bool open = true;
  std::optional<ExitStatus> status;
  while (!(status = process.poll()) && !limits.cancelled()) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) break;
    std::array<pollfd, 2> watched{pollfd{process.ended().get(), POLLIN, 0},
                                  pollfd{open ? pipe.read.get() : -1, POLLIN, 0}};
    // Bounded: a signal that arrives just after `cancelled` was asked interrupts nothing.
    ::poll(watched.data(), watched.size(), static_cast<int>(std::min<long long>(left.count() + 1, 500)));
    if (open) open = drain(pipe.read, lines);
  }
  ExitStatus result = status ? *status : process.stop(limits.grace);
  result.cancelled = !status && limits.cancelled();
  result.timed_out = !status && !result.cancelled;
  // Children left behind: they could hold the pipe open for ever, and write where the caller goes on. Nobody
  // survives this signal, but a busy machine takes its time; the bound is for those whom their disk keeps.
  process.signal_group(SIGKILL);
  const auto patience = std::max<std::chrono::milliseconds>(limits.grace, std::chrono::seconds(10));
  await_end({process.pid()}, std::chrono::steady_clock::now() + patience, system_clock());
  if (open) drain(pipe.read, lines);
  lines.finish();
  return result;
}

}  // namespace bakehouse::base
