// The embedded supervisor: starts processes, restarts those that end, stops them all.
#pragma once

#include "base/clock.hh"
#include "base/event.hh"
#include "service/spec.hh"

#include <chrono>
#include <memory>
#include <vector>

namespace bakehouse::service {

class Supervisor {
 public:
  struct Settings {
    std::chrono::milliseconds first_delay{100};  // before a restart; doubled each time
    std::chrono::milliseconds longest_delay{std::chrono::seconds(10)};
    std::chrono::milliseconds steady_after{std::chrono::seconds(10)};  // resets the delay
    std::chrono::milliseconds grace{std::chrono::seconds(5)};          // between TERM and KILL
  };

  // Starts and ends are told to `events`. Its services die with the thread that started them.
  explicit Supervisor(Settings settings, base::EventSink events = {},
                      base::Clock clock = base::system_clock());
  Supervisor() : Supervisor(Settings{}) {}
  ~Supervisor();  // stops everything

  // Starts all, or none: when one cannot be executed those already started are stopped. Services
  // that run already stay; a name twice is an Error(input).
  void start(std::vector<ServiceSpec> specs);
  // In reverse order of start, the grace of all running at the same time; returns when no process
  // of any group is left, or throws Error(needs_hands) when one survives even KILL.
  void stop();
  std::vector<ServiceState> states() const;

  // What an event loop needs: descriptors that become readable when a process has ended, how long
  // it may wait at most, and what to call afterwards (reaps, restarts what is due).
  std::vector<int> watched() const;
  std::chrono::milliseconds next_wake() const;
  void tend();

 private:
  struct Running;
  void require_sound(const std::vector<ServiceSpec>& specs) const;
  void launch(Running& service);
  void restart(Running& service);
  void note_end(Running& service);
  void schedule(Running& service);
  void stop_from(size_t first);
  void tell(base::Event::Kind kind, const std::string& text) const;

  Settings settings_;
  base::EventSink events_;
  base::Clock clock_;
  std::vector<std::unique_ptr<Running>> services_;
};

}  // namespace bakehouse::service
