#include "phase/hooks.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/last_lines.hh"
#include "base/process_group.hh"

#include <fmt/ranges.h>

#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <unistd.h>

namespace bakehouse::phase {
namespace {

using base::Error;
using base::Event;
using base::Fault;
using text::Value;

// A hook that cannot be executed has failed like one that says so itself.
Error not_started(const Error& error, const std::string& hook, const HookRun& run) {
  std::string hint = error.hint();
  if (error.os_error() == ENOENT && std::filesystem::is_directory(run.directory))
    hint = "the interpreter that its first line names may be missing here";
  if (error.os_error() == ENOEXEC)
    hint = "it is neither a program of this machine nor a script that begins with #!";
  return error.within(fmt::format("the hook '{}'", hook)).as(Fault::build).with_hint(hint);
}

void run_hook(const HookProgram& hook, const HookRun& run, Journal* journal, const base::Fd& log,
              const Surroundings& around) {
  const std::string name = base::printable(hook.name);
  bool starting = false;
  base::Command command;
  command.argv = {hook.name};
  command.environment = run.environment;
  command.directory = run.directory;
  command.program = &hook.program;
  command.identity = run.identity;
  command.before_exec = [&](pid_t pid) {
    if (journal != nullptr) {
      const auto identity = base::identify_process(pid);
      journal->append({Record::Kind::process, run.phase,
                       Value::map({{"hook", name},
                                   {"pid", int64_t{pid}},
                                   {"start", identity ? identity->start_time : uint64_t{0}},
                                   {"boot", base::boot_id()}}),
                       around.clock.seconds()});
    }
    starting = true;
  };
  base::Limits limits;
  limits.time = run.settings.time_limit;
  limits.cancelled = around.cancelled;
  constexpr size_t most_lines = 10;
  base::LastLines tail(most_lines);
  base::ExitStatus status;
  try {
    status = base::run(command, limits, [&](std::string_view line) {
      starting = false;
      const std::string shown = base::printable(line);
      tail.take(shown);
      base::write_all(log, fmt::format("[{}] {}\n", name, shown), run.log.native());
      if (around.events) around.events({Event::Kind::output, run.phase, std::string(line)});
    });
  } catch (const Error& error) {
    if (starting) throw not_started(error, name, run);
    throw;
  }
  if (!status.ok())
    throw Error(Fault::build, fmt::format("the hook '{}' {}{}", name, status.describe(), tail.text()));
}

constexpr int attempts = 500;
constexpr std::chrono::milliseconds pause(10);

}  // namespace

// What a hook started and put into a group of its own: a daemon that it forgot, or a job in the background.
void end_marked(const std::vector<std::string>& marks, const Surroundings& around) {
  if (marks.empty()) return;
  for (int attempt = 0;; ++attempt) {
    const auto left = base::processes_with(marks);
    if (left.empty()) return;
    if (attempt == attempts) {
      throw Error(
          Fault::needs_hands,
          fmt::format("what hooks of this deployment started does not end: {}", fmt::join(left, ", ")),
          "end it by hand, then run `release recover`");
    }
    for (const pid_t pid : left) ::kill(pid, SIGKILL);
    around.clock.wait(pause);
  }
}

void end_what_stays(const std::vector<std::string>& marks, const Surroundings& around,
                    const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception&) {
    end_marked(marks, around);
    throw;
  }
  end_marked(marks, around);
}

void run_hooks(const std::vector<HookProgram>& programs, const HookRun& run, Journal* journal,
               const Surroundings& around) {
  if (programs.empty()) return;
  const base::Fd log(::open(run.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  if (!log) base::fail_os("open", run.log.native());
  for (const HookProgram& hook : programs)
    end_what_stays(run.marks, around, [&] { run_hook(hook, run, journal, log, around); });
}

namespace {

// The kernel gives a number out again only when neither a process nor a group has it. So a leader
// that began at another time says that the group is gone; where there is no leader, who is in the
// group was started by it.
bool is_group_gone(pid_t group, uint64_t start) {
  const auto leader = base::identify_process(group);
  return leader ? leader->start_time != start : base::living_members({group}).empty();
}

}  // namespace

void end_recorded_processes(const Journal& journal, const std::vector<std::string>& marks,
                            const Surroundings& around) {
  const std::string boot = base::boot_id();
  for (const Record& record : journal.records()) {
    if (record.kind != Record::Kind::process || record.facts.string_at("boot") != boot) continue;
    const auto pid = static_cast<pid_t>(record.facts.integer_at("pid"));
    const uint64_t start = record.facts.unsigned_at("start");
    for (int attempt = 0; !is_group_gone(pid, start); ++attempt) {
      if (attempt == attempts) {
        throw Error(Fault::needs_hands,
                    fmt::format("the hook '{}' (process group {}) does not end",
                                base::printable(record.facts.string_at("hook")), pid),
                    "end it by hand, then run `release recover`");
      }
      ::kill(-pid, SIGKILL);
      around.clock.wait(pause);
    }
  }
  end_marked(marks, around);
}

}  // namespace bakehouse::phase
