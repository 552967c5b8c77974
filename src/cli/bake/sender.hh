// Whoever waits for the answer of a hook: git, and behind it somebody who may vanish.
#pragma once

#include "base/fd.hh"

#include <atomic>
#include <thread>

#include <sys/types.h>

namespace bakehouse::cli {

// While it lives, SIGINT and SIGHUP tell that the sender goes, not that we are to stop. When he has gone our
// output goes nowhere, because nobody empties the pipe any more, and the main thread is woken from whatever
// it waits in.
class Sender {
 public:
  // To be made by the main thread, after the handlers of the program.
  Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;
  ~Sender();

  bool is_gone() const;
  // No thread is left behind it: for a fork.
  void stop_watching();
  // Until git itself has ended.
  void wait_until_ended() const;

 private:
  void watch(pthread_t main_thread);

  pid_t pid_;
  base::Fd process_;
  base::Fd stop_;
  int threads_;
  std::atomic<bool> has_gone_ = false;
  std::thread watcher_;
};

// Standard input, output and error lead nowhere from now on.
void let_go_of_output();

}  // namespace bakehouse::cli
