// A file descriptor with one owner, and the reads and writes that retry what must be retried.
#pragma once

#include "base/file_time.hh"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace bakehouse::base {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { reset(); }

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  int release() { return std::exchange(number_, -1); }
  // Discards: for files that were only read, and for clean-up after a failure.
  void reset() noexcept;
  // For files that were written: a close may be the first to report a lost write.
  void close(std::string_view name);

 private:
  int number_ = -1;
};

// In every function below `name` only serves the message of an error.

// At most `buffer.size()` bytes; 0 at the end of the file.
size_t read_some(const Fd& fd, std::span<char> buffer, std::string_view name);
size_t read_some_at(const Fd& fd, std::span<char> buffer, uint64_t offset, std::string_view name);
// Exactly `buffer.size()` bytes, or an Error that says the file is shorter.
void read_exactly(const Fd& fd, std::span<char> buffer, std::string_view name);
void read_exactly_at(const Fd& fd, std::span<char> buffer, uint64_t offset, std::string_view name);
// Up to the end, refusing to hold more than `limit` bytes.
std::string read_all(const Fd& fd, uint64_t limit, std::string_view name);
void write_all(const Fd& fd, std::string_view bytes, std::string_view name);

// Durable when it returns. A failure is final: after one, retrying would report a success that is none.
void set_mtime(const Fd& fd, FileTime time, std::string_view name);
void sync_file(const Fd& fd, std::string_view name);
void sync_filesystem(const Fd& fd, std::string_view name);

// Which mount of this machine the descriptor lies on.
uint64_t mount_of(const Fd& fd);
// Whether it is a directory on which something is mounted.
bool is_mount_root(const Fd& fd);

struct Pipe {
  Fd read;
  Fd write;
};
Pipe make_pipe();

}  // namespace bakehouse::base
