// A release that lies unpacked, with its `.bakehouse/`: what it says, if trusted keys signed it.
#pragma once

#include "artifact/release_info.hh"
#include "base/dir.hh"
#include "crypto/trust.hh"
#include "tree/manifest.hh"

#include <vector>

namespace bakehouse::artifact {

struct SignedTree {
  ReleaseInfo info;
  std::vector<crypto::KeyId> signers;
  tree::Manifest manifest;
};

// Verifies signatures, release.json, manifest and parts, in this order; what else lies there is for the
// caller to compare with the manifest. Throws Error(trust) for what not enough trusted keys signed,
// Error(input) for what is no release, Error(differs) for a manifest or part that is not the signed one.
SignedTree open_tree(const base::Dir& dir, const crypto::TrustPolicy& policy);

// The embedded signature and those that were beside the archive, as unpacking left them. `metadata` is
// the directory `.bakehouse`.
std::vector<crypto::Signature> read_kept_signatures(const base::Dir& metadata);

}  // namespace bakehouse::artifact
