// Whether a supervisor lives at a root: a lock that dies with its process.
#pragma once

#include "base/clock.hh"
#include "base/dir.hh"
#include "base/file_lock.hh"

#include <optional>
#include <string>

namespace bakehouse::service {

class SupervisorLock {
 public:
  // Error(locked), with the holder's text, when another supervisor lives there.
  static SupervisorLock take(const base::Dir& state, const base::Clock& clock);
  // "pid 12, since 2026-01-31T12:00:00Z", or nullopt when the lock is free.
  static std::optional<std::string> holder(const base::Dir& state);

 private:
  explicit SupervisorLock(base::FileLock lock) : lock_(std::move(lock)) {}
  base::FileLock lock_;
};

}  // namespace bakehouse::service
