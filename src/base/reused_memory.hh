// Memory that only grows and is never filled with zeros: for a thread that needs a large buffer again and
// again.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

namespace bakehouse::base {

class ReusedMemory {
 public:
  // What it holds is whatever was there; valid until the next call.
  std::span<char> of(size_t size) {
    if (size > size_) {
      bytes_.reset(new char[size]);
      size_ = size;
    }
    return {bytes_.get(), size};
  }

 private:
  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
};

}  // namespace bakehouse::base
