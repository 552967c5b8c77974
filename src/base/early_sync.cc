#include "base/early_sync.hh"

#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace bakehouse::base {
namespace {

// Less is left to the kernel, which writes back in larger pieces than many small trees are.
constexpr uint64_t worth_a_sync = 48 << 20;

}  // namespace

EarlySync::EarlySync(const Dir& dir)
    : fd_(::openat(dir.fd().get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (!fd_) return;
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error&) {
    // The final sync does it all.
  }
}

EarlySync::~EarlySync() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void EarlySync::add(uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    waiting_ += bytes;
    if (waiting_ < worth_a_sync) return;
  }
  changed_.notify_one();
}

void EarlySync::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || waiting_ >= worth_a_sync; });
    if (stopping_) return;
    waiting_ = 0;
    lock.unlock();
    ::syncfs(fd_.get());
    lock.lock();
  }
}

}  // namespace bakehouse::base
