// The processes of a node as a transaction sees them: something that can be stopped and started.
#pragma once

#include "base/clock.hh"
#include "service/spec.hh"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace bakehouse::service {

// Three implementations: units of systemd (systemd_driver.hh); a supervisor that runs already, reached
// through its socket; and, where none runs, one inside this very process, whose services end with it.
class ServiceDriver {
 public:
  virtual ~ServiceDriver() = default;
  // What can be refused of `specs` while nothing is touched.
  virtual void check(const std::vector<ServiceSpec>& /*specs*/) {}
  // Returns when every process has ended, also what a supervisor that was killed has left. Nothing running is
  // no error.
  virtual void stop() = 0;
  virtual void stop(const std::vector<std::string>& names) = 0;
  // Stops all; a supervisor in the background ends, too, and has ended when this returns.
  virtual void end() = 0;
  virtual void start(const std::vector<ServiceSpec>& specs) = 0;
  // Afterwards there are these and no others; what runs as specified stays untouched.
  virtual void ensure(const std::vector<ServiceSpec>& specs) = 0;
  virtual std::vector<ServiceState> states() = 0;
  // Whether there are states of processes that were stopped on purpose.
  virtual bool keeps_stopped() const { return false; }
  // Whether a release can be tried while another one serves; only then the three are of use.
  virtual bool can_overlap() const { return false; }
  // As those of Supervisor.
  virtual void try_beside(const std::vector<ServiceSpec>& /*specs*/) {}
  virtual void hand_over() {}
  virtual void drop_beside() {}
  // Whether the services outlive the driver: not any more once their supervisor has ended.
  virtual bool lasting() const = 0;
  // Whether `start` only says what is to run once this program has ended: there is nothing to check yet.
  virtual bool starts_later() const { return false; }
  // A deployment is provisional from now on: whoever can waits for its deadline.
  virtual void mind_deadline() {}
  // This very process and those that it starts go on when the session of its user is ended.
  virtual void outlive_session() {}
};

// `state` is the root's `.bakehouse`. A supervisor that starts, ends or is being killed is waited for, here
// and whenever the driver is used.
std::unique_ptr<ServiceDriver> open_driver(const std::filesystem::path& state,
                                           base::Clock clock = base::system_clock());
// Whether a supervisor answers at that root.
bool supervisor_runs(const std::filesystem::path& state);

}  // namespace bakehouse::service
