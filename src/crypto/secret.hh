// Text that nobody else shall see: in memory of its own, and from where it is read into it.
#pragma once

#include "base/fd.hh"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace bakehouse::crypto {

// Its memory is locked (as far as the limit of the process allows), kept out of core dumps, between
// guard pages, and wiped when it goes. It never grows, so that no copy is left behind by moving.
class Secret {
 public:
  // The caller's copy is the caller's to wipe.
  explicit Secret(std::string_view text);
  // Empty, with room for `capacity` bytes.
  static Secret with_room(size_t capacity);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  ~Secret() = default;

  std::string_view text() const { return {memory_.get(), size_}; }

  // What is behind the text: to be written to, and then taken into it.
  std::span<char> room();
  void extend(size_t count);
  void append(std::string_view text);
  // Wipes the rest.
  void truncate(size_t size);

 private:
  struct Free {
    void operator()(char* memory) const noexcept;
  };
  explicit Secret(size_t capacity);

  std::unique_ptr<char[], Free> memory_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

// Cuts off all from the first line end on: LF, or CR LF.
void keep_first_line(Secret& secret);

// The next line, without its end; nullopt at the end of the file. What stands behind the line stays
// unread, so that it can be another secret. Throws Error(input) beyond `longest` bytes.
std::optional<Secret> read_secret_line(const base::Fd& fd, size_t longest, std::string_view name);

// While one lives, this process leaves no core dump and no other of the same user can read its memory. Not
// kept by what it executes.
class NoDumps {
 public:
  NoDumps();
  NoDumps(const NoDumps&) = delete;
  NoDumps& operator=(const NoDumps&) = delete;
  ~NoDumps();

 private:
  int before_;
};

}  // namespace bakehouse::crypto
