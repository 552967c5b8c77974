// The locks of a root: one command at a time builds, one switches.
#pragma once

#include "base/clock.hh"
#include "base/file_lock.hh"

#include <filesystem>
#include <optional>
#include <string>

namespace bakehouse::phase {

class Lock {
 public:
  // Error(locked) with the holder's text when somebody else has it.
  static Lock take(const std::filesystem::path& path, const std::string& purpose, const base::Clock& clock);
  // Who holds it, or nullopt when it is free.
  static std::optional<std::string> holder(const std::filesystem::path& path);

 private:
  explicit Lock(base::FileLock lock) : lock_(std::move(lock)) {}
  base::FileLock lock_;
};

// "anna (by sudo) on web1": for locks and records.
std::string describe_user();

}  // namespace bakehouse::phase
