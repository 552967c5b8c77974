// Keeps logs within their limits while programs go on appending to them (docs/decisions/0026).
#pragma once

#include "base/clock.hh"
#include "base/event.hh"
#include "base/fd.hh"
#include "service/spec.hh"

#include <chrono>
#include <filesystem>
#include <map>

namespace bakehouse::service {

// Moves what LOG holds, but for less than a block, to LOG.1, what that held to LOG.2, and so on; `keep` of
// them stay. LOG stays the same file, for those who have it open, and one after another the files are all
// that was written, byte for byte. False where the file system cannot take off a file's head: nothing is
// changed then.
bool rotate_log(const std::filesystem::path& log, int keep);

// That, when it is larger than it may be; none is no larger.
bool keep_short(const std::filesystem::path& log, const LogLimits& limits);

// For an event loop. Nothing wakes it while nobody writes; a busy log is looked at every few seconds.
class LogKeeper {
 public:
  LogKeeper(base::EventSink events, base::Clock clock);
  // The log need not be there yet, its directory must be.
  void mind(const std::filesystem::path& log, const LogLimits& limits);

  int descriptor() const { return news_.get(); }
  std::chrono::milliseconds next_wake() const;
  void tend();

 private:
  struct Minded {
    LogLimits limits;
    int watch = -1;       // told once when it is written to
    bool written = true;  // since it was looked at
    bool grows = false;   // nothing can be done about it
  };
  void take_news();
  void look_at(const std::filesystem::path& log, Minded& minded);

  base::EventSink events_;
  base::Clock clock_;
  base::Fd news_;  // inotify
  std::map<std::filesystem::path, Minded> logs_;
  std::chrono::steady_clock::time_point next_look_;
};

}  // namespace bakehouse::service
