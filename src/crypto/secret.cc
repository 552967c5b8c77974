#include "crypto/secret.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "crypto/minisign_format.hh"
#include "crypto/secret_material.hh"

#include <sodium.h>

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>

#include <sys/prctl.h>

namespace bakehouse::crypto {
namespace {

void* allocate(size_t size) {
  start_sodium();
  void* const memory = sodium_malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* Guarded::operator new(size_t size) { return allocate(size); }
void Guarded::operator delete(void* memory) noexcept { sodium_free(memory); }

void Secret::Free::operator()(char* memory) const noexcept { sodium_free(memory); }

Secret::Secret(size_t capacity) : memory_(static_cast<char*>(allocate(capacity))), capacity_(capacity) {}

Secret::Secret(std::string_view text) : Secret(text.size()) { append(text); }

Secret Secret::with_room(size_t capacity) { return Secret(capacity); }

Secret::Secret(Secret&& other) noexcept
    : memory_(std::move(other.memory_)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  memory_ = std::move(other.memory_);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  return *this;
}

std::span<char> Secret::room() { return {memory_.get() + size_, capacity_ - size_}; }

void Secret::extend(size_t count) {
  assert(count <= capacity_ - size_);
  size_ += count;
}

void Secret::append(std::string_view text) {
  assert(text.size() <= capacity_ - size_);
  std::copy(text.begin(), text.end(), room().begin());
  extend(text.size());
}

void Secret::truncate(size_t size) {
  assert(size <= size_);
  sodium_memzero(memory_.get() + size, size_ - size);
  size_ = size;
}

void keep_first_line(Secret& secret) {
  const std::string_view text = secret.text();
  const std::string_view line = text.substr(0, text.find('\n'));
  // A CR alone ends no line, but a file that was written elsewhere ends its lines in CR LF.
  secret.truncate(line.size() - (line.ends_with('\r') ? 1 : 0));
}

NoDumps::NoDumps() : before_(::prctl(PR_GET_DUMPABLE)) { ::prctl(PR_SET_DUMPABLE, 0); }

// 2 is "for root only", which the kernel sets and nobody else may.
NoDumps::~NoDumps() {
  if (before_ == 1) ::prctl(PR_SET_DUMPABLE, 1);
}

std::optional<Secret> read_secret_line(const base::Fd& fd, size_t longest, std::string_view name) {
  constexpr size_t line_end = 2;
  Secret line = Secret::with_room(longest + line_end);
  // One byte at a time: what was read too much of a pipe could not be given back.
  while (!line.text().ends_with('\n')) {
    if (line.room().empty()) break;
    if (base::read_some(fd, line.room().first(1), name) == 0) break;
    line.extend(1);
  }
  if (line.text().empty()) return std::nullopt;
  keep_first_line(line);
  if (line.text().size() <= longest) return line;
  throw base::Error(base::Fault::input, fmt::format("'{}' has a line of more than the {} bytes allowed",
                                                    base::printable(name), longest));
}

}  // namespace bakehouse::crypto
