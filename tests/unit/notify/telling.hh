// What the tests of notifications share.
#pragma once

#include "base/clock.hh"
#include "base/files.hh"
#include "notify/message.hh"

#include <filesystem>
#include <string>

namespace bakehouse::notify {

inline Message failure_message() {
  Message message;
  message.project = "shop";
  message.host = "web1";
  message.kind = "apply";
  message.trigger = "command";
  message.outcome = "reverted";
  message.version = "1.1";
  message.previous_version = "1.0";
  message.deployment = "20260101T120000Z-019c1234-5678-7abc-8def-0123456789ab";
  message.who = "anna on web1";
  message.began = 1767268800;
  message.ended = 1767268803;
  message.step = "post_deploy";
  message.cause = "the hook failed\n  | no table";
  return message;
}

// A clock that stands still, and goes on only by waiting.
struct StoppedClock {
  base::Seconds now = 1767268900;
  std::chrono::milliseconds waited{0};

  base::Clock clock() {
    base::Clock clock = base::system_clock();
    clock.now = [this] { return std::chrono::system_clock::time_point(std::chrono::seconds(now)); };
    clock.steady = [this] { return std::chrono::steady_clock::time_point(waited); };
    clock.wait = [this](std::chrono::milliseconds time) { waited += time; };
    return clock;
  }
};

// A program, by its lines.
inline std::filesystem::path make_program(const std::filesystem::path& path, const std::string& lines) {
  base::write_file(path, "#!/bin/sh\n" + lines + "\n", 0755);
  return path;
}

}  // namespace bakehouse::notify
