#include "cli/bake/sender.hh"

#include "base/files.hh"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bakehouse::cli {
namespace {

// Set by a signal handler, which can do no more.
volatile std::sig_atomic_t signal_has_come = 0;

// 0 when nobody can tell.
int threads_of(pid_t pid) {
  constexpr uint64_t largest_status = 64 << 10;
  constexpr std::string_view before = "\nThreads:\t";
  const auto status = base::read_file_if_any(fmt::format("/proc/{}/status", pid), largest_status);
  const size_t at = status ? status->find(before) : std::string::npos;
  return at == std::string::npos ? 0 : std::atoi(status->c_str() + at + before.size());
}

void block_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

Sender::Sender()
    : pid_(::getppid()),
      process_(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0))),
      stop_(::eventfd(0, EFD_CLOEXEC)),
      threads_(threads_of(pid_)) {
  struct sigaction action {};
  action.sa_handler = [](int) { signal_has_come = 1; };
  for (const int number : {SIGHUP, SIGINT}) ::sigaction(number, &action, nullptr);
  watcher_ = std::thread([this, main_thread = ::pthread_self()] { watch(main_thread); });
}

Sender::~Sender() { stop_watching(); }

bool Sender::is_gone() const { return has_gone_ || signal_has_come != 0 || ::getppid() != pid_; }

void Sender::stop_watching() {
  if (!watcher_.joinable()) return;
  const uint64_t one = 1;
  base::write_all(stop_, {reinterpret_cast<const char*>(&one), sizeof one}, "an event");
  watcher_.join();
}

void Sender::wait_until_ended() const {
  pollfd ended{process_.get(), POLLIN, 0};
  while (process_ && ::poll(&ended, 1, -1) < 0 && errno == EINTR) {
  }
}

// git ignores that nobody reads what it writes while a hook runs: only the thread that carries our output to
// the sender ends, at the next of its signs of life (receive.keepAlive, 5 seconds). Where it is a process,
// its end of the pipe is closed.
void Sender::watch(pthread_t main_thread) {
  constexpr int between_looks_ms = 500;
  block_signals();
  pollfd watched[] = {{stop_.get(), POLLIN, 0}, {process_.get(), POLLIN, 0}, {STDERR_FILENO, 0, 0}};
  for (;;) {
    const int ready = ::poll(watched, 3, between_looks_ms);
    if (ready > 0 && watched[0].revents != 0) return;
    const bool has_lost_thread = threads_ > 1 && threads_of(pid_) == 1;
    if (ready <= 0 && !has_lost_thread && signal_has_come == 0) continue;
    has_gone_ = true;
    let_go_of_output();
    ::pthread_kill(main_thread, SIGHUP);
    return;
  }
}

void let_go_of_output() {
  const base::Fd nowhere(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nowhere.get(), standard);
}

}  // namespace bakehouse::cli
