#include "base/threads.hh"

#include <algorithm>
#include <exception>
#include <utility>

namespace bakehouse::base {
namespace {

// More would only wait for the same disk.
constexpr unsigned most_by_default = 16;

}  // namespace

unsigned number_of_workers(unsigned wanted) {
  return wanted != 0 ? wanted : std::clamp(std::thread::hardware_concurrency(), 1U, most_by_default);
}

Crew::Crew(unsigned workers) {
  const unsigned count = number_of_workers(workers);
  helpers_.reserve(count - 1);
  try {
    for (unsigned i = 1; i < count; ++i) helpers_.emplace_back([this] { help(); });
  } catch (const std::exception&) {
    // Fewer do the same work, and the caller alone can do it all.
  }
}

Crew::~Crew() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
  for (auto& helper : helpers_) helper.join();
}

void Crew::add(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (failure_) return;
    waiting_.push_back(std::move(job));
  }
  changed_.notify_one();
}

void Crew::finish() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_off(lock);
    if (running_ == 0) break;
    // What still runs may add more, or be the last.
    changed_.wait(lock, [&] { return !waiting_.empty() || running_ == 0; });
  }
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void Crew::help() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    work_off(lock);
    changed_.wait(lock, [&] { return !waiting_.empty() || stopping_; });
  }
}

void Crew::work_off(std::unique_lock<std::mutex>& lock) {
  while (!waiting_.empty()) {
    auto job = std::move(waiting_.back());
    waiting_.pop_back();
    ++running_;
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
      waiting_.clear();
    }
    if (running_ == 0 && waiting_.empty()) changed_.notify_all();
  }
}

}  // namespace bakehouse::base
