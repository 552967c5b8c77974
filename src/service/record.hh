// What a supervisor keeps running, written down for the one that comes after it: `<state>/services.json`.
#pragma once

#include "base/process.hh"
#include "service/spec.hh"

#include <filesystem>
#include <vector>

namespace bakehouse::service {

struct Recorded {
  ServiceSpec spec;
  base::ProcessId process;  // all 0 while none runs
  int restarts = 0;
  bool is_beside = false;
};

std::filesystem::path record_in(const std::filesystem::path& state);
// Whole or not at all, and for the owner only: environments may hold secrets. None: there is no file.
void write_record(const std::filesystem::path& path, const std::vector<Recorded>& services);
// Empty where there is none, or one of before the machine was started: nothing of it lives.
std::vector<Recorded> read_record(const std::filesystem::path& path);

// Ends what is left of the group of a process that has ended, as far as it is surely of that service.
void end_remains(const Recorded& service);

}  // namespace bakehouse::service
