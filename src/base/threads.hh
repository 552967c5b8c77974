// A crew of threads for work that makes more work, such as walking a tree: a job may add jobs.
// The newest is taken first, so that what waits is bounded by the depth of a tree and not by its size.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace bakehouse::base {

// 0: as many as there are processors, at most 16.
unsigned number_of_workers(unsigned wanted);

class Crew {
 public:
  // `workers` as for number_of_workers. Whoever calls `finish` is one of them, so
  // that a crew of one starts no thread and works strictly one job after the other. Makes do with
  // fewer where the system gives no more threads.
  explicit Crew(unsigned workers = 0);
  // Abandons what has not begun.
  ~Crew();

  // Never blocks; may be called from a job. After the first failure further jobs are dropped.
  void add(std::function<void()> job);
  // Works until no job is left; rethrows the first exception that escaped one.
  void finish();

 private:
  void help();
  void work_off(std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> waiting_;  // the newest last
  std::exception_ptr failure_;
  size_t running_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> helpers_;
};

}  // namespace bakehouse::base
