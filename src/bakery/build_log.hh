// What a bake said and what its programs printed, kept in a file of the root.
#pragma once

#include "base/clock.hh"
#include "base/dir.hh"
#include "base/event.hh"
#include "base/last_lines.hh"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace bakehouse::bakery {

// Of a program that prints without end the beginning and the last lines are kept.
constexpr uint64_t largest_log = 1 << 25;
constexpr size_t most_logs = 20;

class BuildLog {
 public:
  // A new file in `directory`, which is made when missing; with it the newest `most_logs` stay there.
  BuildLog(const std::filesystem::path& directory, base::Clock clock, uint64_t limit = largest_log);

  const std::filesystem::path& path() const { return path_; }
  // As it is shown on a screen; progress is not kept.
  void take(const base::Event& event);
  // Lines of our own.
  void write(std::string_view text);
  // The last line: how it ended.
  void end(std::string_view outcome);

 private:
  void add(std::string_view line);

  std::filesystem::path path_;
  base::Fd file_;
  base::Clock clock_;
  uint64_t left_;
  uint64_t omitted_ = 0;
  base::LastLines last_;
};

}  // namespace bakehouse::bakery
