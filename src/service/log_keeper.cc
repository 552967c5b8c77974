#include "service/log_keeper.hh"

#include "base/dir.hh"
#include "base/error.hh"
#include "base/files.hh"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bakehouse::service {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fd;

constexpr std::chrono::seconds between_looks{2};

fs::path numbered(const fs::path& log, int number) {
  return fs::path(fmt::format("{}.{}", log.native(), number));
}

Fd open_to_cut(const fs::path& log) {
  Fd file(::open(log.c_str(), O_RDWR | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC));
  if (!file) base::fail_os("open the log", log.native());
  return file;
}

// Heads are taken off in whole blocks, and not the whole file.
uint64_t head_of(const Fd& file, const fs::path& log) {
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) base::fail_os("look at", log.native());
  const auto block = static_cast<uint64_t>(std::max<blksize_t>(found.st_blksize, 4096));
  const auto size = static_cast<uint64_t>(found.st_size);
  return size == 0 ? 0 : (size - 1) / block * block;
}

void copy_head(const Fd& file, uint64_t head, base::AtomicFile& to, const fs::path& log) {
  std::array<char, 65536> buffer{};
  for (uint64_t at = 0; at < head;) {
    const auto wanted = std::min<uint64_t>(buffer.size(), head - at);
    const size_t count = base::read_some_at(file, {buffer.data(), wanted}, at, log.native());
    if (count == 0) throw Error(base::Fault::internal, fmt::format("'{}' became shorter", log.native()));
    to.write({buffer.data(), count});
    at += count;
  }
}

void shift(const fs::path& log, int keep) {
  for (int number = keep; number > 1; --number) {
    const fs::path from = numbered(log, number - 1);
    if (::rename(from.c_str(), numbered(log, number).c_str()) != 0 && errno != ENOENT)
      base::fail_os("rename", from.native());
  }
}

// Appending goes on meanwhile: the kernel does both one after the other, and nothing falls between.
bool take_off(const Fd& file, uint64_t head, const fs::path& log) {
  if (::fallocate(file.get(), FALLOC_FL_COLLAPSE_RANGE, 0, static_cast<off_t>(head)) == 0) return true;
  if (errno == EOPNOTSUPP || errno == EINVAL || errno == ENOSYS) return false;
  base::fail_os("take off the head of", log.native());
}

// Whether it can be done is asked of a file that nobody has.
bool can_take_off(const fs::path& log, uint64_t block) {
  base::AtomicFile probe(log, 0600);
  probe.write(std::string(block + 1, '\n'));
  return take_off(probe.fd(), block, log);
}

// Not the log itself: the process that writes to it could lock it for good. None: somebody is at it.
Fd lock_to_cut(const fs::path& log) {
  const fs::path place = log.parent_path() / ".cut.lock";
  Fd lock(::open(place.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock) base::fail_os("open", place.native());
  return ::flock(lock.get(), LOCK_EX | LOCK_NB) == 0 ? std::move(lock) : Fd();
}

}  // namespace

bool rotate_log(const fs::path& log, int keep) {
  const Fd file = open_to_cut(log);
  // Two at once would take off twice what is copied once.
  const Fd lock = lock_to_cut(log);
  if (!lock) return true;
  const uint64_t head = head_of(file, log);
  if (head == 0) return true;
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) base::fail_os("look at", log.native());
  if (!can_take_off(log, static_cast<uint64_t>(found.st_blksize))) return false;
  if (keep > 0) {
    // The copy first: who is stopped in between has lines twice, and loses none.
    base::AtomicFile copy(numbered(log, 1), 0640);
    copy_head(file, head, copy, log);
    shift(log, keep);
    copy.commit();
  }
  return take_off(file, head, log);
}

bool keep_short(const fs::path& log, const LogLimits& limits) {
  std::error_code none;
  if (fs::file_size(log, none) <= limits.size || none) return true;
  return rotate_log(log, limits.keep);
}

LogKeeper::LogKeeper(base::EventSink events, base::Clock clock)
    : events_(std::move(events)), clock_(std::move(clock)), news_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  if (!news_) base::fail_os("watch", "logs");
  next_look_ = clock_.steady();
}

void LogKeeper::mind(const fs::path& log, const LogLimits& limits) { logs_[log].limits = limits; }

std::chrono::milliseconds LogKeeper::next_wake() const {
  const bool waits = std::ranges::any_of(logs_, [](const auto& log) { return log.second.written; });
  if (!waits) return std::chrono::hours(1);
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_look_ - clock_.steady());
  return std::max(left, std::chrono::milliseconds(0));
}

void LogKeeper::take_news() {
  alignas(inotify_event) std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t count = ::read(news_.get(), buffer.data(), buffer.size());
    if (count <= 0) return;
    for (ssize_t at = 0; at < count;) {
      const auto* news = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      for (auto& [log, minded] : logs_)
        if (minded.watch == news->wd) minded.written = true;
      at += static_cast<ssize_t>(sizeof *news + news->len);
    }
  }
}

void LogKeeper::tend() {
  take_news();
  if (next_wake().count() > 0) return;
  next_look_ = clock_.steady() + between_looks;
  for (auto& [log, minded] : logs_) {
    if (!minded.written || minded.grows) continue;
    try {
      look_at(log, minded);
    } catch (const std::exception& error) {
      minded.grows = true;
      events_({base::Event::Kind::warning, "", fmt::format("a log is not kept short: {}", error.what())});
    }
  }
}

// Watched again before its size is read, so that what comes in between is not missed.
void LogKeeper::look_at(const fs::path& log, Minded& minded) {
  minded.written = false;
  minded.watch = ::inotify_add_watch(news_.get(), log.c_str(), IN_MODIFY | IN_ONESHOT);
  if (keep_short(log, minded.limits)) return;
  minded.grows = true;
  events_({base::Event::Kind::warning, "",
           fmt::format("'{}' is not kept short: its file system cannot take off the head of a file",
                       log.native())});
}

}  // namespace bakehouse::service
