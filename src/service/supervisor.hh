// The embedded supervisor: starts processes, restarts those that end, stops them all.
#pragma once

#include "base/clock.hh"
#include "base/event.hh"
#include "base/process.hh"
#include "service/listener.hh"
#include "service/spec.hh"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bakehouse::service {

class Supervisor {
 public:
  struct Settings {
    std::chrono::milliseconds first_delay{10};  // before a restart; doubled each time
    std::chrono::milliseconds longest_delay{std::chrono::seconds(10)};
    std::chrono::milliseconds steady_after{std::chrono::seconds(10)};  // resets the delay
    std::chrono::milliseconds grace{std::chrono::seconds(5)};          // between TERM and KILL
    // How long nobody may have waited at a socket for it to be closed: a connection that was begun before
    // arrives within a turn around the world.
    std::chrono::milliseconds quiet{500};
    // Where it is written down what runs, before it runs: the services then outlive a supervisor that is
    // killed, and the next one adopts them. Empty: they die with the thread that started them.
    std::filesystem::path record = {};
  };

  // Starts and ends are told to `events`.
  explicit Supervisor(Settings settings, base::EventSink events = {},
                      base::Clock clock = base::system_clock());
  Supervisor() : Supervisor(Settings{}) {}
  ~Supervisor();  // stops everything

  // Takes over what the record names, untouched: what has ended meanwhile is due to be started again.
  void adopt();
  // Starts all, or none: when one cannot be executed those already started are stopped. Services
  // that run already stay; a name twice is an Error(input).
  void start(std::vector<ServiceSpec> specs);
  // Afterwards there are these and no others: what was specified alike stays untouched.
  void ensure(const std::vector<ServiceSpec>& specs);
  // In reverse order of start, the grace of all running at the same time; returns when no process
  // of any group is left, or throws Error(needs_hands) when one survives even KILL.
  void stop();
  void stop(const std::vector<std::string>& names);
  // Sockets stay open when services stop: whoever connects waits for the next start, or for this.
  void close_sockets();

  // Starts these while others of the same names serve; connections are for the others, but for those of
  // `probe_source`. All start, or none.
  void try_beside(std::vector<ServiceSpec> specs);
  // Those beside serve from now on; what is waiting to be accepted by the others is, before they are stopped.
  // Nothing happens when none are beside.
  void hand_over();
  // Ends the trial. Of the others, one that ended meanwhile comes back with the next start or `ensure`,
  // because what it would be started from is being exchanged.
  void drop_beside();

  std::vector<ServiceState> states() const;
  std::vector<ServiceSpec> specs() const;

  // What an event loop needs: descriptors that become readable when a process has ended, how long
  // it may wait at most, and what to call afterwards (reaps, restarts what is due).
  std::vector<int> watched() const;
  std::chrono::milliseconds next_wake() const;
  void tend();

 private:
  struct Running;
  using Which = std::function<bool(const Running&)>;
  void require_sound(const std::vector<ServiceSpec>& specs, bool is_beside) const;
  void begin(ServiceSpec spec, bool is_beside);
  void start_all(std::vector<ServiceSpec> specs, bool is_beside);
  void open_sockets(const std::vector<ServiceSpec>& specs);
  void open_sockets_beside(const std::vector<ServiceSpec>& specs);
  void require_not_kept(const std::string& address) const;
  void close_unused_sockets();
  void adopt_sockets(const Running& service);
  void await_nobody_waiting() const;
  std::vector<base::PassedSocket> sockets_of(const Running& service) const;
  void launch(Running& service);
  void restart(Running& service);
  void note_end(Running& service);
  void schedule(Running& service);
  void schedule_next(Running& service);
  bool waits_for_trial(const Running& service) const;
  bool is_due(const Running& service) const;
  void stop_those(const Which& which);
  void end_groups(std::vector<Running*> services) const;
  void write_down() const;
  void tell(base::Event::Kind kind, const std::string& text) const;

  Settings settings_;
  base::EventSink events_;
  base::Clock clock_;
  std::vector<std::unique_ptr<Running>> services_;
  std::map<std::string, Listener> sockets_;         // by address
  std::map<std::string, Listener> sockets_beside_;  // of those on trial
  bool is_trial_ = false;                           // what ends of those that serve is not started again
};

}  // namespace bakehouse::service
