// An exclusive lock on a file, held by descriptor: it dies with its owner, and its text tells who
// that is. Only the owner of the file can open it: whoever else could might hold the lock as well.
#pragma once

#include "base/clock.hh"
#include "base/fd.hh"

#include <filesystem>
#include <optional>
#include <string>

namespace bakehouse::base {

class FileLock {
 public:
  // nullopt when somebody else holds it. Makes the file where it is missing.
  static std::optional<FileLock> try_take(const std::filesystem::path& path, const std::string& text,
                                          const Clock& clock);
  // The text of whoever holds it, made safe to show; nullopt when nobody does, and for a user who
  // may not open the file, since he cannot know.
  static std::optional<std::string> holder(const std::filesystem::path& path);

  // Another text: the lock goes with a fork, and its owner may be another process then.
  void say(const std::string& text) const;

 private:
  explicit FileLock(Fd file) : file_(std::move(file)) {}
  Fd file_;
};

}  // namespace bakehouse::base
