// The locks of a root: one command at a time builds, one switches.
#pragma once

#include "base/clock.hh"
#include "base/file_lock.hh"
#include "phase/transaction.hh"

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace bakehouse::phase {

// For who waits without a limit of his own.
constexpr std::chrono::hours as_long_as_it_takes(24 * 365);

class Lock {
 public:
  // Error(locked) with the holder's text when somebody else has it.
  static Lock take(const std::filesystem::path& path, const std::string& purpose, const base::Clock& clock);
  // The same for who would rather wait, at most so long; a wish to stop ends the waiting.
  static Lock wait_for(const std::filesystem::path& path, const std::string& purpose,
                       const Surroundings& around, std::chrono::milliseconds at_most);
  // That this process holds it, after a fork.
  void say_who(const std::string& purpose, const base::Clock& clock) const;
  // Who holds it, or nullopt when it is free.
  static std::optional<std::string> holder(const std::filesystem::path& path);

 private:
  explicit Lock(base::FileLock lock) : lock_(std::move(lock)) {}
  base::FileLock lock_;
};

// Sends SIGTERM to whoever holds the lock, and returns its text; nullopt when nobody does. Error(refused)
// when that is a process that cannot be told from another one, or `may` says no to its text.
std::optional<std::string> ask_holder_to_stop(const std::filesystem::path& path,
                                              const std::function<bool(const std::string& text)>& may);

// Safe to show.
std::string host_name();
// "anna (by sudo) on web1": for locks and records.
std::string describe_user();

}  // namespace bakehouse::phase
