#include "service/driver.hh"

#include "base/clock.hh"
#include "base/dir.hh"
#include "base/error.hh"
#include "service/account.hh"
#include "service/background.hh"
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
constexpr std::chrono::milliseconds answer_limit = std::chrono::minutes(10);

enum class Found { listening, mute, nobody };

// One that lives but does not listen is starting, or stopping its services, or the kernel takes from one that
// was killed one thing after the other: all of that passes.
Found find_supervisor(const Dir& state, const base::Clock& clock) {
  constexpr int looks = 200;
  for (int i = 0; i < looks; ++i) {
    if (connect_to(state)) return Found::listening;
    if (!SupervisorLock::holder(state)) return Found::nobody;
    clock.wait(std::chrono::milliseconds(50));
  }
  return Found::mute;
}

class RemoteDriver : public ServiceDriver {
 public:
  RemoteDriver(Dir state, base::Clock clock) : state_(std::move(state)), clock_(std::move(clock)) {}

  void check(const std::vector<ServiceSpec>& specs) override {
    require_identities(specs, state_.path().parent_path());
  }
  // One that was told to end has ended its services; one that was killed has not.
  void stop() override {
    if (!is_there()) return end_orphans(state_.path());
    say({Request::Command::stop});
  }
  void stop(const std::vector<std::string>& names) override {
    if (!names.empty()) say({Request::Command::stop, {}, names});
  }
  void end() override {
    if (!is_there()) return end_orphans(state_.path());
    say({Request::Command::end});
    await_end_in_background();
  }
  void start(const std::vector<ServiceSpec>& specs) override {
    say({Request::Command::start, with_identities(specs)});
  }
  void ensure(const std::vector<ServiceSpec>& specs) override {
    say({Request::Command::ensure, with_identities(specs)});
  }
  std::vector<ServiceState> states() override { return say({Request::Command::states}); }
  bool can_overlap() const override { return true; }
  void try_beside(const std::vector<ServiceSpec>& specs) override {
    say({Request::Command::try_beside, with_identities(specs)});
  }
  // Who is gone has handed over nothing, and whoever asked has to know.
  void hand_over() override { say({Request::Command::hand_over}); }
  void drop_beside() override {
    if (is_there()) say({Request::Command::drop_beside});
  }
  bool lasting() const override { return connect_to(state_).has_value(); }

 private:
  bool is_there() const { return find_supervisor(state_, clock_) != Found::nobody; }

  // It answers no more before it lets go of its lock; one in the foreground goes on with both.
  void await_end_in_background() const {
    while (!lasting() && SupervisorLock::holder(state_)) clock_.wait(std::chrono::milliseconds(5));
  }

  std::vector<ServiceState> say(const Request& request) const {
    const std::string line = format_request(request);
    auto socket = connect_to(state_);
    if (!socket && is_there()) socket = connect_to(state_);
    if (!socket) {
      throw Error(Fault::internal, fmt::format("the supervisor of '{}' has ended", state_.path().native()),
                  "`release start` starts another; then repeat the command");
    }
    return parse_answer(answer_to(line, *socket));
  }

  std::string answer_to(const std::string& line, const base::Fd& socket) const {
    try {
      return ask(socket, line, answer_limit);
    } catch (const Error&) {
      await_death();
      throw;
    }
  }

  // For a moment one that was killed seems to listen still.
  void await_death() const {
    constexpr int looks = 100;
    for (int i = 0; i < looks && is_there(); ++i) clock_.wait(std::chrono::milliseconds(10));
  }

  Dir state_;
  base::Clock clock_;
};

class LocalDriver : public ServiceDriver {
 public:
  explicit LocalDriver(std::filesystem::path state) : state_(std::move(state)) {}

  void check(const std::vector<ServiceSpec>& specs) override {
    require_identities(specs, state_.parent_path());
  }
  void stop() override {
    end_orphans(state_);
    supervisor_.stop();
  }
  void stop(const std::vector<std::string>& names) override { supervisor_.stop(names); }
  void end() override { stop(); }
  void start(const std::vector<ServiceSpec>& specs) override { supervisor_.start(with_identities(specs)); }
  void ensure(const std::vector<ServiceSpec>& specs) override { supervisor_.ensure(with_identities(specs)); }
  std::vector<ServiceState> states() override {
    supervisor_.tend();  // no event loop does
    return supervisor_.states();
  }
  bool lasting() const override { return false; }

 private:
  std::filesystem::path state_;
  Supervisor supervisor_;
};

}  // namespace

bool supervisor_runs(const std::filesystem::path& state) { return connect_to(Dir::open(state)).has_value(); }

std::unique_ptr<ServiceDriver> open_driver(const std::filesystem::path& state, base::Clock clock) {
  Dir dir = Dir::open(state);
  switch (find_supervisor(dir, clock)) {
    case Found::listening: return std::make_unique<RemoteDriver>(std::move(dir), std::move(clock));
    case Found::nobody: return std::make_unique<LocalDriver>(state);
    case Found::mute: break;
  }
  throw Error(Fault::locked,
              fmt::format("the supervisor of '{}' ({}) is starting or ending", state.native(),
                          SupervisorLock::holder(dir).value_or("just ended")),
              "wait until it has, then repeat the command");
}

}  // namespace bakehouse::service
