// The units of systemd that keep a release's processes running, as text: a service for each process, a timer
// for each that has a schedule, a socket for each address, one target that binds them, and others that look
// after the transaction and the logs. Described in docs/formats/units.md.
#pragma once

#include "service/spec.hh"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::service {

// Whose units, and for which systemd.
struct UnitSettings {
  std::string project;
  std::filesystem::path root;
  std::filesystem::path release;                            // the program that recovers
  enum class Scope { system, user } scope = Scope::system;  // an ordinary user's own manager
  int version = 252;                                        // of systemd
};

struct Unit {
  std::string name;
  std::string text;
};

// The first line of every unit of that root: by it they are known again.
std::string unit_mark(const std::filesystem::path& root);

std::string target_name(std::string_view project);
std::string service_name(std::string_view project, std::string_view process);
std::string recovery_name(std::string_view project);
std::string expiry_name(std::string_view project);
std::string log_timer_name(std::string_view project);
std::string detached_name(std::string_view project);

// The target with which that of a root starts.
std::string wanted_by(UnitSettings::Scope scope);

// All units of a root, also when it has no processes. Error(input) for what a unit cannot hold.
std::vector<Unit> make_units(const std::vector<ServiceSpec>& specs, const UnitSettings& settings);

}  // namespace bakehouse::service
