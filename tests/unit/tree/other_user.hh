// What another user can do to a tree, tried by being him.
#pragma once

#include "base/fd.hh"

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bakehouse::support {

// Runs `work` in a child process as that user, or as ourselves where we are not root. Returns what it
// threw, or "".
template <typename Work>
std::string as_user(uint32_t uid, const std::vector<uint32_t>& groups, Work work) {
  base::Pipe pipe = base::make_pipe();
  const pid_t pid = ::fork();
  if (pid == 0) {
    std::string outcome;
    const gid_t gid = groups.front();
    const bool is_able = ::geteuid() == 0;
    if (is_able && (::setgroups(groups.size(), groups.data()) != 0 || ::setresgid(gid, gid, gid) != 0 ||
                    ::setresuid(uid, uid, uid) != 0))
      outcome = "cannot become another user";
    try {
      if (outcome.empty()) work();
    } catch (const std::exception& error) {
      outcome = error.what();
    }
    base::write_all(pipe.write, outcome, "the outcome");
    ::_exit(0);
  }
  pipe.write.reset();
  std::string outcome = base::read_all(pipe.read, 1 << 20, "the outcome");
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status == 0 ? outcome : "the child ended with status " + std::to_string(status);
}

}  // namespace bakehouse::support
