// What a buildpack holds, wherever it came from.
#pragma once

#include "base/dir.hh"
#include "crypto/digest.hh"
#include "tree/manifest.hh"

namespace bakehouse::buildpack {

// The SHA-256 of its manifest, in which every time is 0, directories and programs have mode 0755, other files
// 0644, and no `.git` stands: a checkout, an archive and a directory of the same files have one digest.
crypto::Digest content_digest(const base::Dir& directory);

// The directories of buildpacks in a tree, in byte order; none within another.
std::vector<base::TreePath> find_buildpacks(const base::Dir& tree);

// Makes the programs of buildpacks in our copy of a tree executable, where bin/detect or bin/build is not:
// some archives keep no such bits.
void restore_executable_bits(const base::Dir& tree);

}  // namespace bakehouse::buildpack
