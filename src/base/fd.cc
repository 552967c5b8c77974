#include "base/fd.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bakehouse::base {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    number_ = std::exchange(other.number_, -1);
  }
  return *this;
}

void Fd::reset() noexcept {
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

void Fd::close(std::string_view name) {
  // Linux frees the number even when close reports EINTR, so it is never called twice.
  if (::close(std::exchange(number_, -1)) != 0 && errno != EINTR) fail_os("close", name);
}

size_t read_some(const Fd& fd, std::span<char> buffer, std::string_view name) {
  for (;;) {
    const ssize_t count = ::read(fd.get(), buffer.data(), buffer.size());
    if (count >= 0) return static_cast<size_t>(count);
    if (errno != EINTR) fail_os("read", name);
  }
}

size_t read_some_at(const Fd& fd, std::span<char> buffer, uint64_t offset, std::string_view name) {
  for (;;) {
    const ssize_t count = ::pread(fd.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (count >= 0) return static_cast<size_t>(count);
    if (errno != EINTR) fail_os("read", name);
  }
}

namespace {

template <typename ReadSome>
void fill(std::span<char> buffer, std::string_view name, ReadSome read_next) {
  size_t filled = 0;
  while (filled < buffer.size()) {
    const size_t count = read_next(buffer.subspan(filled), filled);
    if (count == 0) throw Error(Fault::input, fmt::format("'{}' ends too early", printable(name)));
    filled += count;
  }
}

}  // namespace

void read_exactly(const Fd& fd, std::span<char> buffer, std::string_view name) {
  fill(buffer, name, [&](std::span<char> rest, size_t) { return read_some(fd, rest, name); });
}

void read_exactly_at(const Fd& fd, std::span<char> buffer, uint64_t offset, std::string_view name) {
  fill(buffer, name,
       [&](std::span<char> rest, size_t filled) { return read_some_at(fd, rest, offset + filled, name); });
}

std::string read_all(const Fd& fd, uint64_t limit, std::string_view name) {
  constexpr size_t step = 64 * 1024;
  std::string content;
  // Room at once for what a file says it holds, and a byte more to see that it ends there; growing by and by
  // would copy it over and over.
  struct stat raw {};
  if (::fstat(fd.get(), &raw) == 0 && S_ISREG(raw.st_mode))
    content.resize(static_cast<size_t>(std::min<uint64_t>(limit, static_cast<uint64_t>(raw.st_size))) + 1);
  size_t filled = 0;
  for (;;) {
    if (filled == content.size()) content.resize(filled + std::max(filled, step));
    const size_t count = read_some(fd, std::span(content).subspan(filled), name);
    filled += count;
    if (filled > limit) {
      throw Error(Fault::input,
                  fmt::format("'{}' is larger than the {} bytes allowed", printable(name), limit));
    }
    if (count == 0) break;
  }
  content.resize(filled);
  return content;
}

void write_all(const Fd& fd, std::string_view bytes, std::string_view name) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd.get(), bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
    } else if (errno != EINTR) {
      fail_os("write", name);
    }
  }
}

void set_mtime(const Fd& fd, FileTime time, std::string_view name) {
  const timespec stamp{time.seconds, static_cast<long>(time.nanoseconds)};
  const timespec times[2] = {stamp, stamp};
  if (::futimens(fd.get(), times) != 0) fail_os("set the time of", name);
}

void sync_file(const Fd& fd, std::string_view name) {
  if (::fsync(fd.get()) != 0) fail_os("make durable", name);
}

void sync_filesystem(const Fd& fd, std::string_view name) {
  if (::syncfs(fd.get()) != 0) fail_os("make the file system durable that holds", name);
}

namespace {

struct statx look_at(const Fd& fd) {
  struct statx raw {};
  if (::statx(fd.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &raw) != 0)
    fail_os("look at", "a descriptor");
  return raw;
}

}  // namespace

uint64_t mount_of(const Fd& fd) { return look_at(fd).stx_mnt_id; }

bool is_mount_root(const Fd& fd) {
  const auto raw = look_at(fd);
  return (raw.stx_attributes_mask & raw.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

Pipe make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail_os("make", "a pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

}  // namespace bakehouse::base
