#include "service/serve.hh"

#include "base/dir.hh"
#include "base/error.hh"
#include "service/conversations.hh"
#include "service/lock.hh"
#include "service/protocol.hh"
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

std::vector<ServiceState> obey(Supervisor& supervisor, Request request) {
  supervisor.tend();  // what ended a moment ago is known to the answer
  switch (request.command) {
    case Request::Command::stop: supervisor.stop(); break;
    case Request::Command::start: supervisor.start(std::move(request.services)); break;
    case Request::Command::states: break;
  }
  return supervisor.states();
}

std::string answer(Supervisor& supervisor, std::string_view line) {
  try {
    return format_answer(obey(supervisor, parse_request(line)));
  } catch (const Error& error) {
    return format_failure(error);
  } catch (const std::exception& error) {
    return format_failure(Error(Fault::internal, error.what()));
  }
}

void wait_for_any(const EndSignals& signals, const Supervisor& supervisor,
                  const Conversations& conversations) {
  std::vector<pollfd> watched = {{signals.descriptor(), POLLIN, 0}};
  for (const int descriptor : supervisor.watched()) watched.push_back({descriptor, POLLIN, 0});
  conversations.watch(watched);
  const auto wait = std::min(supervisor.next_wake(), conversations.next_wake());
  ::poll(watched.data(), watched.size(), static_cast<int>(wait.count()));
}

}  // namespace

void serve(const std::filesystem::path& state, const std::vector<ServiceSpec>& specs,
           const base::EventSink& events, const std::function<void()>& ready) {
  const base::Clock clock = base::system_clock();
  const base::Dir dir = base::Dir::open(state);
  const SupervisorLock lock = SupervisorLock::take(dir, clock);
  const EndSignals signals;
  Supervisor supervisor(Supervisor::Settings{}, events, clock);
  {
    // Whoever connects from here on waits until the services are started.
    Conversations conversations(
        dir, [&](std::string_view line) { return answer(supervisor, line); }, clock);
    supervisor.start(specs);
    events({base::Event::Kind::note, "", fmt::format("serving {}", state.native())});
    ready();
    while (!signals.arrived()) {
      supervisor.tend();
      conversations.tend();
      wait_for_any(signals, supervisor, conversations);
    }
  }
  // Nobody is listened to any more; the lock still tells that something runs.
  supervisor.stop();
}

}  // namespace bakehouse::service
