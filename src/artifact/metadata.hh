// The directory of a release tree that describes the release, and how much of it is read. The manifest does
// not list it.
#pragma once

#include "base/tree_path.hh"

#include <cstdint>

namespace bakehouse::artifact {

inline const base::TreePath& metadata_path() {
  static const base::TreePath path = base::TreePath::parse(".bakehouse");
  return path;
}

// Bytes.
constexpr uint64_t largest_release = 1 << 20;  // release.json
constexpr uint64_t largest_manifest = 1 << 30;
constexpr uint64_t largest_index = 1 << 28;
constexpr uint64_t largest_part = 1 << 26;  // any other file in it

}  // namespace bakehouse::artifact
