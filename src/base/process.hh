// Child processes: each in a process group of its own, with no descriptor but those it was given,
// and ended with its whole group.
#pragma once

#include "base/error.hh"
#include "base/fd.hh"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace bakehouse::base {

// What a child does to itself before it becomes its program.
struct ChildWork {
  // Called in the child, with its descriptors in place, before it enters `directory`. It may fork and
  // return in another process than it was called in, which then becomes the program. Between fork and
  // exec only async-signal-safe calls are allowed. 0, or a number of its own for what failed, with errno.
  std::function<int()> run;
  // What `start` throws then; called in the parent.
  std::function<Error(int failed, int code)> explain;
};

// As whom a program runs.
struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // all of them

  friend bool operator==(const Identity&, const Identity&) = default;
};

// The calling thread, and what it executes, is that user's from now on, and no program gives it other rights
// again. Async-signal-safe. false, and errno, when that is not allowed.
bool take_identity(const Identity& identity) noexcept;

// A descriptor that a child gets, and what it is called there.
struct PassedSocket {
  int descriptor;
  std::string name;
};

struct Command {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH of `environment` unless it holds a '/'
  std::vector<std::string> environment;  // NAME=value; nothing is inherited
  std::filesystem::path directory;       // empty: ours
  // Executes what this descriptor holds instead of argv[0]; the child keeps it as descriptor 3,
  // because the interpreter of a script opens it from there.
  const Fd* program = nullptr;
  // Where standard output and standard error go; nullptr: ours.
  const Fd* output = nullptr;
  // What standard input is, from where the descriptor stands; nullptr: it is empty.
  const Fd* input = nullptr;
  // The child is killed when the thread that started it ends, however that comes about.
  enum class Lifetime { own, with_parent } lifetime = Lifetime::with_parent;
  // Called in the parent with the child's pid before the child executes anything.
  std::function<void(pid_t)> before_exec;
  const ChildWork* child_work = nullptr;
  // From descriptor 3 on, told by LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES as systemd does. Not together
  // with `program`.
  std::vector<PassedSocket> sockets = {};
  // Taken when all else but `directory` is arranged; none: ours.
  std::optional<Identity> identity = {};
};

struct ExitStatus {
  int code = 0;    // when it exited
  int signal = 0;  // when a signal ended it
  bool timed_out = false;
  bool cancelled = false;

  bool ok() const { return code == 0 && signal == 0 && !timed_out && !cancelled; }
  // "exited with status 3", "was killed by signal 9 (Killed)", "ran longer than its limit"
  std::string describe() const;
};

class Process {
 public:
  // Throws Error(input) when the program cannot be executed.
  static Process start(const Command& command);
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;
  // Kills the group of a process that nobody waited for.
  ~Process();

  pid_t pid() const { return pid_; }
  // Becomes readable when the process has ended: for poll(2).
  const Fd& ended() const { return pidfd_; }
  // nullopt while it runs.
  std::optional<ExitStatus> poll();
  // nullopt when it still runs after `limit`.
  std::optional<ExitStatus> wait_for(std::chrono::milliseconds limit);
  ExitStatus wait();
  void signal_group(int signal) const;
  // TERM to the group, KILL to it after `grace`; returns when the process has ended.
  ExitStatus stop(std::chrono::milliseconds grace);

 private:
  Process(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
  void discard() noexcept;

  pid_t pid_ = -1;
  Fd pidfd_;
  std::optional<ExitStatus> status_;
};

// In a session of its own, as nobody's child: it lives on when we and our terminal are gone. What it prints
// is lost unless `command.output` says where it goes. Error(input) when the program cannot be executed.
void start_detached(Command command);

struct Limits {
  std::chrono::milliseconds time{std::chrono::minutes(10)};
  std::chrono::milliseconds grace{std::chrono::seconds(5)};
  // Asked whenever a signal interrupts the wait; true: end the process as if its time had run out.
  std::function<bool()> cancelled = [] { return false; };
};

// Runs to the end, handing over what it prints line by line (a line over 64 KiB in pieces).
// When the program has ended, or its time has run out, its whole group is ended.
ExitStatus run(Command command, const Limits& limits,
               const std::function<void(std::string_view line)>& on_line);

// Text in memory as a file that stands at its beginning: the standard input of a program that may stop
// reading when it likes.
Fd file_in_memory(std::string_view text);

// What distinguishes a process from a later one with the same pid.
struct ProcessId {
  pid_t pid = 0;
  uint64_t start_time = 0;  // clock ticks since boot
};
// nullopt when there is no such process.
std::optional<ProcessId> identify_process(pid_t pid);
std::string boot_id();

}  // namespace bakehouse::base
