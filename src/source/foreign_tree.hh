// What holds of every tree that a stranger made, whatever it came in.
#pragma once

#include "base/dir.hh"
#include "base/tree_path.hh"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace bakehouse::source {

// More than any honest tree needs, and less than it takes to fill a machine.
struct Limits {
  uint64_t bytes = uint64_t{2} << 30;  // of all files
  uint64_t entries = 200'000;
  size_t path = 1024;  // bytes of one path
};
constexpr Limits no_limits{std::numeric_limits<uint64_t>::max(), std::numeric_limits<uint64_t>::max(),
                           std::numeric_limits<size_t>::max()};

// Of the sources that somebody of the house bakes or pushes: larger, and the disk is still not filled by a
// trick.
constexpr Limits source_limits{uint64_t{16} << 30, 1'000'000, 1024};

// What is left of them. Error(input) says which of them an entry is beyond; the caller names the entry.
class Budget {
 public:
  explicit Budget(const Limits& limits) : limits_(limits), left_(limits) {}

  void take_entry(const base::TreePath& path);
  void take_bytes(uint64_t count);

  const Limits& left() const { return left_; }

 private:
  Limits limits_;
  Limits left_;
};

// Error(input) for what the kernel would not take, or would take for something else.
void check_link_target(std::string_view target);

// Pointers are smaller, by their specification.
constexpr uint64_t largest_lfs_pointer = 1024;
// Whether a file is what Git LFS keeps in a repository in place of a large file.
bool is_lfs_pointer(uint64_t size, std::string_view beginning);
[[noreturn]] void refuse_lfs_pointer(const base::TreePath& path);

// Error(input) that names one, when the tree holds a link that is absolute or leads out of it.
void refuse_outward_links(const base::Dir& tree);

}  // namespace bakehouse::source
