#include "cli/common/interrupt.hh"

#include <array>
#include <csignal>
#include <cstddef>

#include <poll.h>
#include <unistd.h>

namespace bakehouse::cli {
namespace {

// A signal handler can only set and read such; everybody else asks through Surroundings::cancelled.
volatile std::sig_atomic_t stop_wanted = 0;
volatile std::sig_atomic_t question_stands = 0;
volatile std::sig_atomic_t asks_first = 0;

Asking wanted = Asking::never;

// write(2) is all that a signal handler may use; who does not see it has no terminal any more.
template <size_t size>
void tell(const char (&text)[size]) {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, size - 1);
}

void on_signal(int number) {
  if (number != SIGINT || asks_first == 0 || question_stands != 0) {
    if (question_stands != 0) tell("\n");
    stop_wanted = 1;
    return;
  }
  question_stands = 1;
  tell("\nundo the deployment? [y/N] (it goes on meanwhile; Ctrl-C again undoes at once)\n");
}

bool is_at_terminal() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1; }

// In the background a read would stop the program, and the transaction with it.
bool has_answer() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return ::tcgetpgrp(STDIN_FILENO) == ::getpgrp() && ::poll(&input, 1, 0) == 1;
}

void take_answer() {
  std::array<char, 256> line{};
  const auto length = ::read(STDIN_FILENO, line.data(), line.size());
  if (length < 0) return;  // a signal came first
  const bool is_yes = length > 0 && (line[0] == 'y' || line[0] == 'Y');
  if (is_yes) {
    stop_wanted = 1;
  } else {
    tell("it goes on\n");
  }
  question_stands = 0;
}

}  // namespace

void watch_signals(Asking asking) {
  wanted = asking;
  struct sigaction action {};
  action.sa_handler = on_signal;
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) ::sigaction(number, &action, nullptr);
}

bool is_stop_wanted() {
  if (stop_wanted == 0 && question_stands != 0 && has_answer()) take_answer();
  return stop_wanted != 0;
}

void now_reversible(phase::Reversible reversible) {
  if (reversible == phase::Reversible::no && question_stands != 0 && stop_wanted == 0) {
    tell("it is over: nothing is undone any more\n");
    question_stands = 0;
  }
  // Asked now, because a process that goes on apart has left its terminal by then.
  asks_first = reversible == phase::Reversible::yes && wanted == Asking::at_terminal && is_at_terminal();
}

}  // namespace bakehouse::cli
