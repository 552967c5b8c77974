// The manifest: every path of a tree with type, mode, size, time and SHA-256, as mtree(5).
#pragma once

#include "base/clock.hh"
#include "base/dir.hh"
#include "base/tree_path.hh"
#include "crypto/digest.hh"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::tree {

struct Entry {
  base::TreePath path;
  base::FileType type = base::FileType::regular;  // regular, directory or symlink
  uint32_t mode = 0;                              // of links always 0777
  uint64_t size = 0;                              // of regular files
  base::Seconds time = 0;                         // of regular files
  std::string link;                               // of links
  crypto::Digest digest;                          // of regular files

  friend bool operator==(const Entry&, const Entry&) = default;
};

struct Manifest {
  std::vector<Entry> entries;  // byte order of paths; what holds an entry stands before it

  // nullptr when the path is not listed.
  const Entry* find(const base::TreePath& path) const;
  uint64_t bytes() const;
};

std::string format_manifest(const Manifest& manifest);
// Accepts exactly what format_manifest writes; anything else is an Error(input) with its line.
Manifest parse_manifest(std::string_view text, std::string_view name);

}  // namespace bakehouse::tree
