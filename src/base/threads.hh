// A fixed set of threads behind a bounded queue: a producer faster than its workers waits, so
// that memory stays bounded however large the tree.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace bakehouse::base {

class Pool {
 public:
  // 0 threads: as many as there are processors, at most 16. Makes do with fewer where the system
  // gives no more; Error(internal) when it gives none.
  explicit Pool(unsigned threads = 0, size_t queue_limit = 1024);
  // Abandons what has not begun.
  ~Pool();

  // Blocks while the queue is full. After the first failure further jobs are dropped. Must not be
  // called from a job: all workers could wait for room in their own queue.
  void submit(std::function<void()> job);
  // Returns when every job has ended; rethrows the first exception that escaped one.
  void finish();

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable has_work_;
  std::condition_variable has_room_;
  std::condition_variable idle_;
  std::deque<std::function<void()>> queue_;
  std::exception_ptr failure_;
  size_t queue_limit_;
  size_t running_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace bakehouse::base
