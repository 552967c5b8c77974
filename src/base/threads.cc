#include "base/threads.hh"

#include "base/error.hh"

#include <algorithm>
#include <system_error>
#include <utility>

namespace bakehouse::base {
namespace {

// More would only wait for the same disk.
constexpr unsigned most_by_default = 16;

}  // namespace

Pool::Pool(unsigned threads, size_t queue_limit) : queue_limit_(queue_limit) {
  const unsigned count =
      threads != 0 ? threads : std::clamp(std::thread::hardware_concurrency(), 1U, most_by_default);
  threads_.reserve(count);
  try {
    for (unsigned i = 0; i < count; ++i) threads_.emplace_back([this] { work(); });
  } catch (const std::system_error& error) {
    // Fewer do the same work.
    if (threads_.empty()) {
      throw Error(Fault::internal, fmt::format("cannot start a thread: {}", error.what()),
                  "raise this user's limit of processes (`ulimit -u`), or end some of them");
    }
  }
}

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  has_work_.notify_all();
  for (auto& thread : threads_) thread.join();
}

void Pool::submit(std::function<void()> job) {
  std::unique_lock lock(mutex_);
  has_room_.wait(lock, [&] { return queue_.size() < queue_limit_ || failure_; });
  if (failure_) return;
  queue_.push_back(std::move(job));
  has_work_.notify_one();
}

void Pool::finish() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [&] { return queue_.empty() && running_ == 0; });
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void Pool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    has_work_.wait(lock, [&] { return !queue_.empty() || stopping_; });
    if (stopping_) return;
    auto job = std::move(queue_.front());
    queue_.pop_front();
    ++running_;
    has_room_.notify_one();
    lock.unlock();
    std::exception_ptr failure;
    try {
      job();
    } catch (...) {
      failure = std::current_exception();
    }
    job = nullptr;
    lock.lock();
    --running_;
    if (failure && !failure_) {
      failure_ = failure;
      queue_.clear();
      has_room_.notify_all();
    }
    if (queue_.empty() && running_ == 0) idle_.notify_all();
  }
}

}  // namespace bakehouse::base
