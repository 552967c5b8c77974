#include "service/serve.hh"

#include "base/dir.hh"
#include "base/error.hh"
#include "service/conversations.hh"
#include "service/ground.hh"
#include "service/lock.hh"
#include "service/log_keeper.hh"
#include "service/protocol.hh"
#include "service/record.hh"
#include "service/supervisor.hh"

#include <algorithm>
#include <csignal>
#include <optional>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace bakehouse::service {
namespace {

using base::Error;
using base::Fault;

// While it lives, the signals that ask for an end arrive here and nowhere else.
class EndSignals {
 public:
  EndSignals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
    ::pthread_sigmask(SIG_BLOCK, &set, &before_);
    fd_ = base::Fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!fd_) base::fail_os("wait for", "signals");
  }
  ~EndSignals() {
    while (arrived()) {
    }  // or a second one would end the program as soon as it is let through
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;

  int descriptor() const { return fd_.get(); }
  bool arrived() const {
    signalfd_siginfo signal{};
    return ::read(fd_.get(), &signal, sizeof signal) == sizeof signal;
  }

 private:
  sigset_t before_{};
  base::Fd fd_;
};

enum class Afterwards { stay, end };

std::vector<ServiceState> obey(Supervisor& supervisor, Request request, Afterwards& afterwards) {
  supervisor.tend();  // what ended a moment ago is known to the answer
  switch (request.command) {
    case Request::Command::stop:
      request.names.empty() ? supervisor.stop() : supervisor.stop(request.names);
      break;
    case Request::Command::start: supervisor.start(std::move(request.services)); break;
    case Request::Command::ensure: supervisor.ensure(request.services); break;
    case Request::Command::states: break;
    case Request::Command::try_beside: supervisor.try_beside(std::move(request.services)); break;
    case Request::Command::hand_over: supervisor.hand_over(); break;
    case Request::Command::drop_beside: supervisor.drop_beside(); break;
    case Request::Command::end:
      supervisor.stop();
      supervisor.close_sockets();
      afterwards = Afterwards::end;
      break;
  }
  return supervisor.states();
}

std::string answer(Supervisor& supervisor, std::string_view line, Afterwards& afterwards) {
  try {
    return format_answer(obey(supervisor, parse_request(line), afterwards));
  } catch (const Error& error) {
    return format_failure(error);
  } catch (const std::exception& error) {
    return format_failure(Error(Fault::internal, error.what()));
  }
}

void mind_logs(LogKeeper& logs, const Supervisor& supervisor) {
  for (const ServiceSpec& spec : supervisor.specs()) logs.mind(spec.log, spec.log_limits);
}

struct Round {
  const EndSignals& signals;
  const Ground& ground;
  const base::EventSink& events;
};

void wait_for_any(const Round& round, const Supervisor& supervisor, const Conversations& conversations,
                  const LogKeeper& logs) {
  std::vector<pollfd> watched;
  for (const int descriptor : {round.signals.descriptor(), round.ground.descriptor(), logs.descriptor()})
    watched.push_back({descriptor, POLLIN, 0});
  for (const int descriptor : supervisor.watched()) watched.push_back({descriptor, POLLIN, 0});
  conversations.watch(watched);
  const auto wait = std::min({supervisor.next_wake(), conversations.next_wake(), logs.next_wake()});
  ::poll(watched.data(), watched.size(), static_cast<int>(wait.count()));
}

// Ends with a signal, with its root, or when it was told to and nobody waits for an answer any more.
void go_round(const Round& round, Supervisor& supervisor, Conversations& conversations, LogKeeper& logs,
              const Afterwards& afterwards) {
  while (!round.signals.arrived()) {
    if (round.ground.is_gone()) {
      round.events({base::Event::Kind::warning, "", "the root was removed: its processes end"});
      return;
    }
    supervisor.tend();
    conversations.tend();
    if (afterwards == Afterwards::end && !conversations.any()) return;
    mind_logs(logs, supervisor);
    logs.tend();
    wait_for_any(round, supervisor, conversations, logs);
  }
}

Supervisor::Settings settings_for(const std::filesystem::path& state) {
  Supervisor::Settings settings;
  settings.record = record_in(state);
  return settings;
}

}  // namespace

std::filesystem::path supervisor_log(const std::filesystem::path& state) {
  return state / "logs/supervisor.log";
}

void serve(const Serving& serving, const base::EventSink& events, const std::function<void()>& ready) {
  const base::Clock clock = base::system_clock();
  const base::Dir dir = base::Dir::open(serving.state);
  const SupervisorLock lock = SupervisorLock::take(dir, clock);
  const EndSignals signals;
  const Ground ground(dir);
  Supervisor supervisor(settings_for(serving.state), events, clock);
  LogKeeper logs(events, clock);
  if (serving.stay == Stay::background) logs.mind(supervisor_log(serving.state), LogLimits{1024 * 1024, 2});
  {
    Afterwards afterwards = Afterwards::stay;
    const auto reply = [&](std::string_view line) {
      Afterwards wanted = Afterwards::stay;
      std::string text = answer(supervisor, line, wanted);
      if (serving.stay == Stay::background) afterwards = wanted;
      return text;
    };
    // Before the answer: whoever gets it and finds nobody here knows that the lock will be free.
    const auto is_ending = [&] { return afterwards == Afterwards::end; };
    // Whoever connects from here on waits until the services are started.
    Conversations conversations(dir, {reply, is_ending}, clock);
    supervisor.adopt();
    if (serving.stay == Stay::foreground) supervisor.ensure(serving.specs);
    events({base::Event::Kind::note, "", fmt::format("serving {}", serving.state.native())});
    ready();
    go_round({signals, ground, events}, supervisor, conversations, logs, afterwards);
  }
  // Nobody is listened to any more; the lock still tells that something runs.
  supervisor.stop();
}

}  // namespace bakehouse::service
