// Where the tar stream of a tree is cut into frames: a frame is what is compressed, verified and fetched as
// one.
//
// Cuts depend on the manifest alone, so that all processors can work at once, and on each path more
// than on what stands before it, so that two releases of which a few files differ have most frames in
// common. Why so: docs/decisions/0013.
#pragma once

#include "artifact/tar_layout.hh"

#include <cstdint>
#include <string>
#include <vector>

namespace bakehouse::artifact {

struct CutRule {
  uint64_t least;    // a frame ends before a member from here on, when the member's path says so
  uint64_t average;  // the larger, the fewer paths say so
  uint64_t most;     // no frame is larger; a larger member has frames of its own
};

constexpr CutRule default_rule{128 << 10, 512 << 10, 2 << 20};
// For the smallest archive, and the slowest to read a part of.
constexpr CutRule solid_rule{8 << 20, 16 << 20, 16 << 20};

// As release.json names it: "path-128K-512K-2M".
std::string name_of(const CutRule& rule);

// Where each frame ends; the last one with the stream.
std::vector<uint64_t> cut(const TarLayout& layout, const CutRule& rule);

}  // namespace bakehouse::artifact
