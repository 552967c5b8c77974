// What a bake said and what its programs printed, kept in a file of the root.
#pragma once

#include "phase/event_log.hh"

#include <cstdint>
#include <filesystem>

namespace bakehouse::bakery {

constexpr size_t most_logs = 20;

class BuildLog : public phase::EventLog {
 public:
  // A new file in `directory`, which is made when missing; with it the newest `most_logs` stay there.
  BuildLog(const std::filesystem::path& directory, const base::Clock& clock,
           uint64_t limit = phase::largest_log);

  const std::filesystem::path& path() const { return path_; }

 private:
  struct Place {
    std::filesystem::path path;
    base::Fd file;
  };
  static Place make_place(const std::filesystem::path& directory, const base::Clock& clock);
  BuildLog(Place place, const base::Clock& clock, uint64_t limit);

  std::filesystem::path path_;
};

}  // namespace bakehouse::bakery
