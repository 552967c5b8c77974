// systemd, spoken to by its own programs. Private to this folder.
#pragma once

#include "service/spec.hh"
#include "service/unit.hh"

#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::service {

class SystemdControl {
 public:
  explicit SystemdControl(UnitSettings::Scope scope);

  // Error(refused), saying why, unless the manager answers and, of a user, goes on after the user has left.
  void require_manager() const;
  // The number of its version.
  int version() const;
  // Error(input) with its words, unless systemd has nothing to say about these units.
  void verify(const std::vector<Unit>& units) const;
  // `systemctl WORDS`: what it printed; Error(internal) with that when it fails.
  std::string call(const std::vector<std::string>& words) const;
  // What these units say of these properties ("A,B"), one text a unit, of `Name=value` lines.
  std::vector<std::string> show(const std::string& properties, const std::vector<std::string>& units) const;
  // This process, and what it starts, into a scope of that name, which nothing else belongs to.
  void enter_scope(const std::string& name) const;

 private:
  struct Outcome {
    bool ok = false;
    std::string how;   // "exited with status 1"
    std::string text;  // all that it printed
  };
  Outcome run(std::vector<std::string> argv) const;
  std::vector<std::string> systemctl(const std::vector<std::string>& words) const;
  void require_lingering() const;

  UnitSettings::Scope scope_;
  std::vector<std::string> environment_;
};

// What `systemctl show` says of one unit: `Name=value` lines.
ServiceState parse_unit_state(std::string_view lines, std::string name);
// When a timer elapses next, as ServiceState says it; "" while it is stopped.
std::string parse_next_time(std::string_view lines);
// The properties that these two want, as `--property` names them.
extern const char* const state_properties;
extern const char* const timer_properties;

}  // namespace bakehouse::service
