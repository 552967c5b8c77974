// Root may do what modes forbid; these tests want the refusals an ordinary user meets.
#pragma once

#include "base/error.hh"
#include "base/fd.hh"

#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace bakehouse::base {

// Runs `work` in a child process that is not root, as owner of nothing but what it makes itself.
// Returns what it threw, or "".
template <typename Work>
std::string as_ordinary_user(Work work) {
  constexpr unsigned nobody = 65534;
  Pipe pipe = make_pipe();
  const pid_t pid = ::fork();
  if (pid == 0) {
    std::string outcome;
    if (::geteuid() == 0 &&
        (::setresgid(nobody, nobody, nobody) != 0 || ::setresuid(nobody, nobody, nobody) != 0)) {
      outcome = "cannot become another user";
    }
    try {
      if (outcome.empty()) work();
    } catch (const std::exception& error) {
      outcome = error.what();
    }
    write_all(pipe.write, outcome, "the outcome");
    ::_exit(0);
  }
  pipe.write.reset();
  std::string outcome = read_all(pipe.read, 1 << 20, "the outcome");
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status == 0 ? outcome : "the child ended with status " + std::to_string(status);
}

}  // namespace bakehouse::base
