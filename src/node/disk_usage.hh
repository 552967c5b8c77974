// What trees take on a disk.
#pragma once

#include <cstdint>
#include <filesystem>

namespace bakehouse::node {

struct Usage {
  uint64_t bytes = 0;  // allocated: what a copy that keeps holes needs
  uint64_t inodes = 0;

  Usage& operator+=(const Usage& other) {
    bytes += other.bytes;
    inodes += other.inodes;
    return *this;
  }
};

// `freed`: what has another name elsewhere stays and does not count.
enum class Counted { all, freed };
// Of `path` and what is below it; what cannot be read is passed over, and what is not there takes nothing.
Usage usage_of(const std::filesystem::path& path, Counted counted);
// The same without the directory itself.
Usage usage_below(const std::filesystem::path& directory, Counted counted);

}  // namespace bakehouse::node
