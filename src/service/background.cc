#include "service/background.hh"

#include "base/clock.hh"
#include "base/dir.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"
#include "base/process.hh"
#include "service/child.hh"
#include "service/lock.hh"
#include "service/protocol.hh"
#include "service/record.hh"
#include "service/serve.hh"
#include "service/supervisor.hh"

#include <cstdio>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace bakehouse::service {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using base::Fd;

constexpr std::chrono::milliseconds begin_limit = std::chrono::seconds(30);
constexpr std::string_view ready_line = "ready";

// "" when it ended without a word, or takes too long.
std::string first_line(const Fd& from) {
  const auto deadline = std::chrono::steady_clock::now() + begin_limit;
  std::string line;
  for (char c = 0; c != '\n'; line += c) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd watched{from.get(), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&watched, 1, static_cast<int>(left.count())) == 0) return {};
    if (base::read_some(from, {&c, 1}, "what the supervisor says") == 0) return {};
  }
  line.pop_back();
  return line;
}

void log_to(const Fd& log) {
  ::dup2(log.get(), STDOUT_FILENO);
  ::dup2(log.get(), STDERR_FILENO);
}

void say(const Fd& to, const std::string& text) {
  try {
    base::write_all(to, text, "the supervisor's log");
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): a full disk ends no supervisor
  }
}

}  // namespace

void start_in_background(const fs::path& state, const fs::path& program) {
  base::Pipe pipe = base::make_pipe();
  base::Command command;
  command.argv = {program.native(), state.native()};
  command.environment = {"LANG=C.UTF-8"};
  command.directory = "/";
  command.output = &pipe.write;
  base::start_detached(command);
  pipe.write.reset();
  const std::string line = first_line(pipe.read);
  if (line == ready_line) return;
  if (!line.empty()) parse_answer(line);  // throws what it says
  throw Error(Fault::internal, fmt::format("the supervisor of '{}' does not begin", state.native()),
              fmt::format("see {}", (state / "logs/supervisor.log").native()));
}

int live_in_background(const fs::path& state) {
  const base::Clock clock = base::system_clock();
  Fd caller(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  const auto tell = [&](const base::Event& event) {
    if (!fs::exists(state)) return;  // a root that was removed is not begun anew
    try {
      const Fd log = base::open_log(supervisor_log(state));
      say(log, fmt::format("{} {}\n", base::iso_datetime(clock.seconds()), base::printable(event.text)));
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): nor does a log that cannot be opened
    }
  };
  bool is_ready = false;
  try {
    serve({state, {}, Stay::background}, tell, [&] {
      log_to(base::open_log(supervisor_log(state)));
      say(caller, std::string(ready_line) + "\n");
      caller.reset();  // it waits for the end of what is said
      is_ready = true;
    });
    return 0;
  } catch (const Error& error) {
    if (!is_ready) say(caller, format_failure(error));
    tell({base::Event::Kind::warning, "", error.what()});
    return base::exit_code(error.fault());
  } catch (const std::exception& error) {
    if (!is_ready) say(caller, format_failure(Error(Fault::internal, error.what())));
    tell({base::Event::Kind::warning, "", error.what()});
    return base::exit_code(Fault::internal);
  }
}

std::vector<ServiceState> orphans(const fs::path& state) {
  std::vector<ServiceState> states;
  if (SupervisorLock::holder(base::Dir::open(state))) return states;
  for (const Recorded& each : read_record(record_in(state))) {
    if (!Child::adopt(each.process)) continue;
    states.push_back({each.spec.name, true, each.process.pid, each.restarts, "", ""});
  }
  return states;
}

void end_orphans(const fs::path& state) {
  const base::Dir dir = base::Dir::open(state);
  if (SupervisorLock::holder(dir) || read_record(record_in(state)).empty()) return;
  const SupervisorLock lock = SupervisorLock::take(dir, base::system_clock());
  Supervisor::Settings settings;
  settings.record = record_in(state);
  Supervisor heir(settings);
  heir.adopt();
  heir.stop();
}

}  // namespace bakehouse::service
