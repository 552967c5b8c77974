// Things made by several threads at once and taken one after the other, in their order: the shape
// of packing and unpacking, where frames are worked on in parallel and the stream is one.
#pragma once

#include "base/threads.hh"

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace bakehouse::base {

template <typename Thing>
class InOrder {
 public:
  using Make = std::function<Thing(size_t)>;
  using Take = std::function<void(size_t, Thing)>;

  // `make` is called by all workers at once, and begun in order; `take` in order and never twice at
  // once. No more things exist at a time than twice the workers.
  InOrder(size_t count, Make make, Take take, unsigned workers = 0)
      : count_(count),
        end_(count),
        make_(std::move(make)),
        take_(std::move(take)),
        workers_(number_of_workers(workers)),
        slots_(2 * static_cast<size_t>(workers_)) {}

  // Rethrows the failure of the lowest number, whichever came first: what is reported does not
  // depend on the threads.
  void run() {
    std::vector<std::thread> helpers;
    try {
      for (unsigned i = 1; i < workers_ && i < count_; ++i) helpers.emplace_back([this] { work(); });
    } catch (const std::exception&) {
      // Fewer do the same work, and the caller alone can do it all.
    }
    work();
    for (auto& helper : helpers) helper.join();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return next_ >= end_ || next_ < taken_ + slots_.size(); });
      if (next_ >= end_) return;
      const size_t i = next_++;
      lock.unlock();
      std::optional<Thing> thing;
      attempt(i, [&] { thing.emplace(make_(i)); });
      lock.lock();
      slots_[i % slots_.size()] = std::move(thing);
      take_all(lock);
    }
  }

  // One thread at a time takes what is ready; a thing that could not be made is where it ends.
  void take_all(std::unique_lock<std::mutex>& lock) {
    if (is_taking_) return;
    is_taking_ = true;
    while (taken_ < end_ && slots_[taken_ % slots_.size()]) {
      const size_t i = taken_;
      std::optional<Thing> thing = std::move(slots_[i % slots_.size()]);
      slots_[i % slots_.size()].reset();
      lock.unlock();
      attempt(i, [&] { take_(i, std::move(*thing)); });
      thing.reset();
      lock.lock();
      ++taken_;
      changed_.notify_all();
    }
    is_taking_ = false;
  }

  template <typename Work>
  void attempt(size_t i, Work work) {
    try {
      work();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (i < end_) {
        end_ = i;
        failure_ = std::current_exception();
      }
      changed_.notify_all();
    }
  }

  const size_t count_;
  size_t end_;  // the first that is not to be made or taken: `count_`, or one that failed
  const Make make_;
  const Take take_;
  const unsigned workers_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<Thing>> slots_;  // made and not taken, by number
  size_t next_ = 0;
  size_t taken_ = 0;
  bool is_taking_ = false;
  std::exception_ptr failure_;
};

}  // namespace bakehouse::base
