#include "base/process.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "base/pointers.hh"
#include "base/process_group.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bakehouse::base {
namespace {

constexpr int program_number = 3;  // and the first socket's
constexpr size_t most_sockets = 64;
constexpr std::string_view listen_pid = "LISTEN_PID=";

// A directory may be "executable", too.
bool is_program(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

// The program's path, found as a shell would, but in the child's own PATH.
std::string find_program(const Command& command) {
  const std::string& name = command.argv.at(0);
  if (name.find('/') != std::string::npos || command.program != nullptr) return name;
  std::string_view path = "/usr/bin:/bin";
  for (const std::string& variable : command.environment) {
    if (variable.starts_with("PATH=")) path = std::string_view(variable).substr(5);
  }
  while (!path.empty()) {
    const size_t colon = path.find(':');
    std::string candidate = fmt::format("{}/{}", path.substr(0, colon), name);
    if (is_program(candidate)) return candidate;
    path = colon == std::string_view::npos ? std::string_view{} : path.substr(colon + 1);
  }
  throw Error(Fault::input, fmt::format("no program '{}' in PATH", printable(name)));
}

// All that the child needs, prepared before the fork: after it only async-signal-safe calls are allowed.
struct Launch {
  std::string program;
  std::vector<char*> argv;
  std::vector<char*> environment;
  const char* directory = nullptr;
  int program_fd = -1;
  int output_fd = -1;
  int input_fd = -1;
  int gate_fd = -1;
  int report_fd = -1;
  const ChildWork* work = nullptr;
  const Identity* identity = nullptr;
  std::vector<int> sockets;
  char* own_pid = nullptr;  // where the child writes its number into LISTEN_PID
  bool die_with_parent = false;
  pid_t parent = 0;
};

// What a child that cannot become its program tells its parent.
struct Report {
  enum class Step { preparing, working, changing_user, entering, executing } step;
  int code;    // errno
  int failed;  // what ChildWork::run returned
};

[[noreturn]] void report_and_exit(int report_fd, Report::Step step, int failed = 0) {
  const Report report{step, errno, failed};
  [[maybe_unused]] const ssize_t written = ::write(report_fd, &report, sizeof report);
  ::_exit(127);
}

// Handlers first: they are our parent's, and must not run here when the mask falls.
void reset_signals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// The first number that no descriptor of the program has.
int first_free(const Launch& launch) {
  const int passed = static_cast<int>(launch.sockets.size()) + (launch.program_fd >= 0 ? 1 : 0);
  return program_number + passed;
}

// All are moved out of each other's way before the first is put in its place. `moved` has room for them.
bool place_sockets(const Launch& launch, int* moved) {
  const int free_number = first_free(launch);
  for (size_t i = 0; i < launch.sockets.size(); ++i)
    moved[i] = ::fcntl(launch.sockets[i], F_DUPFD_CLOEXEC, free_number);
  for (size_t i = 0; i < launch.sockets.size(); ++i) {
    if (moved[i] < 0 || ::dup2(moved[i], program_number + static_cast<int>(i)) < 0) return false;
  }
  return true;
}

// Gives the program its descriptors and no others.
void arrange_descriptors(const Launch& launch, int report) {
  const int free_number = first_free(launch);
  // Out of the way of the fixed numbers first: a parent without standard descriptors has ours there.
  const int output = launch.output_fd >= 0 ? ::fcntl(launch.output_fd, F_DUPFD_CLOEXEC, free_number) : -1;
  const int program = launch.program_fd >= 0 ? ::fcntl(launch.program_fd, F_DUPFD_CLOEXEC, free_number) : -1;
  const int input = launch.input_fd >= 0 ? ::fcntl(launch.input_fd, F_DUPFD_CLOEXEC, free_number)
                                         : ::open("/dev/null", O_RDONLY);
  const bool arranged = input >= 0 && ::dup2(input, 0) >= 0 &&
                        (launch.output_fd < 0 || (::dup2(output, 1) >= 0 && ::dup2(output, 2) >= 0)) &&
                        (launch.program_fd < 0 || ::dup2(program, program_number) >= 0);
  int moved[most_sockets];
  if (!arranged || !place_sockets(launch, moved)) report_and_exit(report, Report::Step::preparing);
  ::syscall(SYS_close_range, free_number, UINT_MAX, CLOSE_RANGE_CLOEXEC);
}

void die_with_parent(const Launch& launch) {
  if (!launch.die_with_parent) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != launch.parent) ::_exit(127);  // it died before the signal was set
}

// In decimal, with nothing but what is allowed after fork.
void write_number(char* to, pid_t number) {
  char digits[16];
  int count = 0;
  for (; number > 0; number /= 10) digits[count++] = static_cast<char>('0' + number % 10);
  while (count > 0) *to++ = digits[--count];
  *to = '\0';
}

[[noreturn]] void become(const Launch& launch) {
  ::setpgid(0, 0);
  die_with_parent(launch);
  char go = 0;
  // Closed without a byte: the parent changed its mind, or is gone.
  if (::read(launch.gate_fd, &go, 1) != 1) ::_exit(127);
  const int report = ::fcntl(launch.report_fd, F_DUPFD_CLOEXEC, first_free(launch));
  if (report < 0) report_and_exit(launch.report_fd, Report::Step::preparing);
  arrange_descriptors(launch, report);
  if (launch.work != nullptr) {
    const int failed = launch.work->run();
    if (failed != 0) report_and_exit(report, Report::Step::working, failed);
  }
  if (launch.identity != nullptr) {
    if (!take_identity(*launch.identity)) report_and_exit(report, Report::Step::changing_user);
    die_with_parent(launch);  // with the user the kernel has forgotten it
  }
  if (launch.directory != nullptr && ::chdir(launch.directory) != 0)
    report_and_exit(report, Report::Step::entering);
  reset_signals();
  if (launch.own_pid != nullptr) write_number(launch.own_pid, ::getpid());
  if (launch.program_fd >= 0) {
    ::execveat(program_number, "", launch.argv.data(), launch.environment.data(), AT_EMPTY_PATH);
  } else {
    ::execve(launch.program.c_str(), launch.argv.data(), launch.environment.data());
  }
  report_and_exit(report, Report::Step::executing);
}

// Whatever the kernel's reason, what could not be executed is what the caller named.
Error explain(const Report& report, const Launch& launch) {
  const std::string_view directory = launch.directory != nullptr ? launch.directory : "";
  switch (report.step) {
    case Report::Step::entering:
      return os_error(report.code, "enter the directory", directory).as(Fault::input);
    case Report::Step::executing: return os_error(report.code, "execute", launch.program).as(Fault::input);
    case Report::Step::working: return launch.work->explain(report.failed, report.code);
    case Report::Step::changing_user:
      return os_error(report.code, "run as the user", std::to_string(launch.identity->uid))
          .as(Fault::refused)
          .with_hint("only root may do that, where its rights are not cut");
    case Report::Step::preparing: break;
  }
  return os_error(report.code, "arrange the descriptors of", launch.program);
}

ExitStatus decode(int raw) {
  ExitStatus status;
  if (WIFSIGNALED(raw)) {
    status.signal = WTERMSIG(raw);
  } else {
    status.code = WEXITSTATUS(raw);
  }
  return status;
}

}  // namespace

// By system calls: those of the C library speak to other threads, of which a child has none.
bool take_identity(const Identity& identity) noexcept {
  return ::syscall(SYS_setgroups, identity.groups.size(), identity.groups.data()) == 0 &&
         ::syscall(SYS_setresgid, identity.gid, identity.gid, identity.gid) == 0 &&
         ::syscall(SYS_setresuid, identity.uid, identity.uid, identity.uid) == 0 &&
         ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

std::string ExitStatus::describe() const {
  if (cancelled) return "was cancelled";
  if (timed_out) return "ran longer than its limit and was ended";
  if (signal != 0) return fmt::format("was killed by signal {} ({})", signal, ::strsignal(signal));
  return fmt::format("exited with status {}", code);
}

namespace {

// What a program is told of the sockets it gets; the last one holds room for its number.
std::vector<std::string> socket_variables(const std::vector<PassedSocket>& sockets) {
  if (sockets.empty()) return {};
  std::vector<std::string> names;
  names.reserve(sockets.size());
  for (const PassedSocket& socket : sockets) names.push_back(socket.name);
  return {fmt::format("LISTEN_FDS={}", sockets.size()),
          fmt::format("LISTEN_FDNAMES={}", fmt::join(names, ":")), std::string(listen_pid) + "0000000000"};
}

}  // namespace

Process Process::start(const Command& command) {
  if (command.sockets.size() > most_sockets || (command.program != nullptr && !command.sockets.empty()))
    throw Error(Fault::internal, fmt::format("{} sockets cannot be passed", command.sockets.size()));
  Launch launch;
  launch.program = find_program(command);
  launch.argv = pointers(command.argv);
  std::vector<std::string> environment = command.environment;
  const auto variables = socket_variables(command.sockets);
  environment.insert(environment.end(), variables.begin(), variables.end());
  launch.environment = pointers(environment);
  if (!variables.empty()) launch.own_pid = environment.back().data() + listen_pid.size();
  for (const PassedSocket& socket : command.sockets) launch.sockets.push_back(socket.descriptor);
  launch.directory = command.directory.empty() ? nullptr : command.directory.c_str();
  if (command.program != nullptr) launch.program_fd = command.program->get();
  if (command.output != nullptr) launch.output_fd = command.output->get();
  if (command.input != nullptr) launch.input_fd = command.input->get();
  launch.die_with_parent = command.lifetime == Command::Lifetime::with_parent;
  launch.parent = ::getpid();
  launch.work = command.child_work;
  launch.identity = command.identity ? &*command.identity : nullptr;
  Pipe gate = make_pipe();
  Pipe report = make_pipe();
  launch.gate_fd = gate.read.get();
  launch.report_fd = report.write.get();

  const pid_t pid = ::fork();
  if (pid < 0) fail_os("start", launch.program);
  if (pid == 0) {
    ::close(gate.write.get());  // or the child would wait for itself
    become(launch);
  }
  ::setpgid(pid, pid);  // in both, so that neither has to wait for the other
  Process process(pid, Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
  if (!process.pidfd_) fail_os("watch", launch.program);
  report.write.reset();
  if (command.before_exec) command.before_exec(pid);
  // Our reading end stays open until here: a child that was killed meanwhile must not cost us a SIGPIPE.
  write_all(gate.write, "g", "the start gate of a child");
  gate.read.reset();
  Report failure{};
  char* const bytes = reinterpret_cast<char*>(&failure);
  if (read_some(report.read, {bytes, sizeof failure}, "the report of a child") == sizeof failure) {
    process.wait();
    throw explain(failure, launch);
  }
  return process;
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)), status_(other.status_) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    discard();
    pid_ = std::exchange(other.pid_, -1);
    pidfd_ = std::move(other.pidfd_);
    status_ = other.status_;
  }
  return *this;
}

Process::~Process() { discard(); }

void Process::discard() noexcept {
  if (pid_ < 0 || status_) return;
  signal_group(SIGKILL);
  int raw = 0;
  while (::waitpid(pid_, &raw, 0) < 0 && errno == EINTR) {
  }
}

std::optional<ExitStatus> Process::poll() {
  if (!status_) {
    int raw = 0;
    const pid_t ended = ::waitpid(pid_, &raw, WNOHANG);
    if (ended < 0 && errno != EINTR) fail_os("wait for", fmt::format("process {}", pid_));
    if (ended == pid_) status_ = decode(raw);
  }
  return status_;
}

std::optional<ExitStatus> Process::wait_for(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    if (auto status = poll()) return status;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return std::nullopt;
    pollfd watched{pidfd_.get(), POLLIN, 0};
    ::poll(&watched, 1, static_cast<int>(std::min<long long>(left.count() + 1, INT_MAX)));
  }
}

ExitStatus Process::wait() {
  for (;;) {
    if (auto status = wait_for(std::chrono::hours(1))) return *status;
  }
}

void Process::signal_group(int signal) const { ::kill(-pid_, signal); }

ExitStatus Process::stop(std::chrono::milliseconds grace) {
  signal_group(SIGTERM);
  auto status = wait_for(grace);
  signal_group(SIGKILL);  // what ignored the TERM, and what the process left behind
  return status ? *status : wait();
}

namespace {

std::optional<std::string> read_status(pid_t pid) {
  try {
    return read_file_if_any(fmt::format("/proc/{}/stat", pid), 65536);
  } catch (const Error& error) {
    if (error.os_error() == ESRCH) return std::nullopt;  // it ended between open and read
    throw;
  }
}

}  // namespace

Fd file_in_memory(std::string_view text) {
  constexpr std::string_view name = "standard input";
  Fd file(::memfd_create("input", MFD_CLOEXEC));
  if (!file) fail_os("make", name);
  write_all(file, text, name);
  if (::lseek(file.get(), 0, SEEK_SET) != 0) fail_os("rewind", name);
  return file;
}

std::optional<ProcessId> identify_process(pid_t pid) {
  const auto text = read_status(pid);
  if (!text) return std::nullopt;
  // The second field is the program's name in parentheses and may hold anything; the state follows it.
  const size_t name_end = text->rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(*text).substr(name_end + 1);
  constexpr int fields_before_start_time = 20;  // of those after the name; see proc(5), field 22
  for (int field = 0; field < fields_before_start_time; ++field) {
    const size_t blank = rest.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(blank + 1);
  }
  if (text->substr(name_end + 2, 1) == "Z") return std::nullopt;  // ended, only not yet waited for
  return ProcessId{pid, std::strtoull(std::string(rest.substr(0, rest.find(' '))).c_str(), nullptr, 10)};
}

std::string boot_id() {
  std::string id = read_file("/proc/sys/kernel/random/boot_id", 64);
  while (!id.empty() && id.back() == '\n') id.pop_back();
  return id;
}

}  // namespace bakehouse::base
