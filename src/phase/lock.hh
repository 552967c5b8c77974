// Locks by descriptor: they die with their owner, and tell who that is.
#pragma once

#include "base/clock.hh"
#include "base/fd.hh"

#include <filesystem>
#include <optional>
#include <string>

namespace bakehouse::phase {

class Lock {
 public:
  // Error(locked) with the holder's text when somebody else has it.
  static Lock take(const std::filesystem::path& path, const std::string& purpose, const base::Clock& clock);
  // Who holds it, or nullopt when it is free. Takes nothing.
  static std::optional<std::string> holder(const std::filesystem::path& path);

 private:
  explicit Lock(base::Fd file) : file_(std::move(file)) {}
  base::Fd file_;
};

// "anna (by sudo) on web1": for locks and records.
std::string describe_user();

}  // namespace bakehouse::phase
