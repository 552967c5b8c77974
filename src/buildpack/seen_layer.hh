// The directory of a layer as the cache knows it: told apart by one look at each file, and linked, never
// copied.
#pragma once

#include "base/dir.hh"
#include "tree/manifest.hh"

#include <string>

namespace bakehouse::buildpack {

struct SeenLayer {
  tree::Manifest manifest;
  std::string fingerprint;  // another one where anything was written since
};

// Reads no file: paths, types, modes, sizes, times and links.
SeenLayer look_at_layer(const base::Dir& layer);

// Makes in `to`, which is empty, what was seen in `from`, with hard links for files, by all processors.
void link_layer(const base::Dir& from, const SeenLayer& seen, const base::Dir& to);

}  // namespace bakehouse::buildpack
