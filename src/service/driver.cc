#include "service/driver.hh"

#include "base/clock.hh"
#include "base/dir.hh"
#include "base/error.hh"
#include "service/lock.hh"
#include "service/protocol.hh"
#include "service/socket.hh"
#include "service/supervisor.hh"

namespace bakehouse::service {
namespace {

using base::Dir;
using base::Error;
using base::Fault;

// Longer than any stop takes on the other side.
constexpr std::chrono::milliseconds answer_limit = std::chrono::minutes(1);

class RemoteDriver : public ServiceDriver {
 public:
  explicit RemoteDriver(Dir state) : state_(std::move(state)) {}

  // A supervisor that has ended has ended its services.
  void stop() override {
    if (lasting() || SupervisorLock::holder(state_)) say({Request::Command::stop, {}});
  }
  void start(const std::vector<ServiceSpec>& specs) override { say({Request::Command::start, specs}); }
  std::vector<ServiceState> states() override { return say({Request::Command::states, {}}); }
  bool lasting() const override { return connect_to(state_).has_value(); }

 private:
  std::vector<ServiceState> say(const Request& request) const {
    const std::string line = format_request(request);
    const auto socket = connect_to(state_);
    if (!socket) {
      throw Error(Fault::internal, fmt::format("the supervisor of '{}' has ended", state_.path().native()),
                  "start `release serve` again, then repeat the command");
    }
    return parse_answer(ask(*socket, line, answer_limit));
  }

  Dir state_;
};

class LocalDriver : public ServiceDriver {
 public:
  void stop() override { supervisor_.stop(); }
  void start(const std::vector<ServiceSpec>& specs) override { supervisor_.start(specs); }
  std::vector<ServiceState> states() override {
    supervisor_.tend();  // no event loop does
    return supervisor_.states();
  }
  bool lasting() const override { return false; }

 private:
  Supervisor supervisor_;
};

}  // namespace

bool supervisor_runs(const std::filesystem::path& state) { return connect_to(Dir::open(state)).has_value(); }

std::unique_ptr<ServiceDriver> open_driver(const std::filesystem::path& state) {
  constexpr int attempts = 200;
  const base::Clock clock = base::system_clock();
  Dir dir = Dir::open(state);
  // One that lives but does not listen is starting, or stopping its services: both pass.
  for (int i = 1;; ++i) {
    if (connect_to(dir)) return std::make_unique<RemoteDriver>(std::move(dir));
    const auto holder = SupervisorLock::holder(dir);
    if (!holder) return std::make_unique<LocalDriver>();
    if (i == attempts) {
      throw Error(Fault::locked,
                  fmt::format("the supervisor of '{}' ({}) is starting or ending", state.native(), *holder),
                  "wait until it has, then repeat the command");
    }
    clock.wait(std::chrono::milliseconds(50));
  }
}

}  // namespace bakehouse::service
