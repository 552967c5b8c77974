// The processes of a root as units of systemd.
#pragma once

#include "service/driver.hh"
#include "service/unit.hh"

#include <filesystem>
#include <memory>

namespace bakehouse::service {

struct SystemdSettings {
  std::string project;
  std::filesystem::path root;
  std::filesystem::path release;  // the program that the recovery unit runs
  // We are that unit: the services wait until we have ended, so that to wait for them would never end.
  bool is_before_services = false;
};

// Units of the system for root, of his own manager for any other user. Error(refused) where systemd does not
// run, and while a supervisor serves the root.
std::unique_ptr<ServiceDriver> open_systemd_driver(const SystemdSettings& settings);

// Where this user's units are.
std::filesystem::path unit_directory();
// Whether this user's systemd has units of that root.
bool has_units(const std::filesystem::path& root);

}  // namespace bakehouse::service
