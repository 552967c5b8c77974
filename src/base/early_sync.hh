// Begins to write back what was written while more of it comes, so that the final sync of a large tree finds
// little left to do. Durable is nothing before that one.
#pragma once

#include "base/dir.hh"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace bakehouse::base {

class EarlySync {
 public:
  // Of the file system that `dir` is on. Where no thread is to be had nothing is begun early.
  explicit EarlySync(const Dir& dir);
  EarlySync(const EarlySync&) = delete;
  EarlySync& operator=(const EarlySync&) = delete;
  // Waits for what was begun.
  ~EarlySync();

  // So many bytes more were written.
  void add(uint64_t bytes);

 private:
  void run();

  // Its own: what fails here is told once more to whoever syncs by another handle.
  Fd fd_;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t waiting_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace bakehouse::base
