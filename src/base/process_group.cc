#include "base/process_group.hh"

#include "base/dir.hh"
#include "base/error.hh"
#include "base/process.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <set>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bakehouse::base {
namespace {

std::optional<pid_t> parse_pid(std::string_view name) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return pid;
}

// Descriptors that become readable when their processes have ended.
std::vector<Fd> watch(const std::vector<pid_t>& pids) {
  std::vector<Fd> watched;
  for (const pid_t pid : pids) {
    Fd fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    if (!fd && errno != ESRCH) fail_os("watch", fmt::format("process {}", pid));
    if (fd) watched.push_back(std::move(fd));
  }
  return watched;
}

int milliseconds_until(std::chrono::steady_clock::time_point deadline, const Clock& clock) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.steady());
  return static_cast<int>(std::clamp<long long>(left.count(), 0, INT_MAX));
}

bool await_all(std::vector<Fd> watched, std::chrono::steady_clock::time_point deadline, const Clock& clock) {
  while (!watched.empty()) {
    pollfd last{watched.back().get(), POLLIN, 0};
    const int wait = milliseconds_until(deadline, clock);
    const int ready = ::poll(&last, 1, wait);
    if (ready > 0) watched.pop_back();
    if (ready == 0 && wait == 0) return false;
  }
  return true;
}

// Zombies count as well.
bool has_members(pid_t group) { return ::kill(-group, 0) == 0 || errno != ESRCH; }

pid_t parent_of_process(pid_t pid) {
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  constexpr std::string_view label = "PPid:";
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(label)) return static_cast<pid_t>(std::atoi(line.c_str() + label.size()));
  return 0;
}

std::set<pid_t> ourselves() {
  std::set<pid_t> line;
  for (pid_t pid = ::getpid(); pid > 0 && line.insert(pid).second;) pid = parent_of_process(pid);
  return line;
}

bool has_words(pid_t pid, const std::vector<std::string>& words) {
  std::ifstream file(fmt::format("/proc/{}/environ", pid), std::ios::binary);
  std::vector<bool> found(words.size());
  for (std::string variable; std::getline(file, variable, '\0');)
    for (size_t i = 0; i < words.size(); ++i)
      if (variable == words[i] || (words[i].ends_with('=') && variable.starts_with(words[i])))
        found[i] = true;
  return std::ranges::find(found, false) == found.end();
}

}  // namespace

std::vector<pid_t> living_members(const std::vector<pid_t>& groups) {
  std::vector<pid_t> members;
  // Spares reading all of /proc after nearly every command.
  if (std::ranges::none_of(groups, has_members)) return members;
  for (const auto& name : Dir::open("/proc").names()) {
    const auto pid = parse_pid(name);
    if (!pid || std::ranges::find(groups, ::getpgid(*pid)) == groups.end()) continue;
    if (identify_process(*pid)) members.push_back(*pid);
  }
  return members;
}

std::vector<pid_t> processes_with(const std::vector<std::string>& words) {
  std::vector<pid_t> found;
  const std::set<pid_t> not_these = ourselves();
  for (const auto& name : Dir::open("/proc").names()) {
    const auto pid = parse_pid(name);
    if (pid && !not_these.contains(*pid) && has_words(*pid, words) && identify_process(*pid))
      found.push_back(*pid);
  }
  return found;
}

bool await_end(const std::vector<pid_t>& groups, std::chrono::steady_clock::time_point deadline,
               const Clock& clock) {
  // Again after each round: members may have started others meanwhile.
  for (;;) {
    const auto members = living_members(groups);
    if (members.empty()) return true;
    if (!await_all(watch(members), deadline, clock)) return false;
  }
}

}  // namespace bakehouse::base
