// Reading an archive, in the order in which it is verified: signatures, release.json, index,
// manifest, and then every byte against them. Nothing of it is believed before.
#pragma once

#include "artifact/release_info.hh"
#include "base/dir.hh"
#include "base/fd.hh"
#include "crypto/trust.hh"
#include "tree/manifest.hh"

#include <filesystem>
#include <string>
#include <vector>

namespace bakehouse::artifact {

// An open archive whose head is verified: what `info` says, a trusted key signed.
// The descriptor stays open, so that what is unpacked later is the file that was looked at.
struct Archive {
  std::filesystem::path path;  // for messages
  base::Fd file;
  ReleaseInfo info;
  std::string release_json;
  std::string signature_file;  // release.json.minisig
  std::vector<crypto::KeyId> signers;
  uint64_t body_offset = 0;  // where the index begins
};

// Throws Error(trust) for what no trusted key signed, Error(input) for what is no archive.
Archive open_archive(const std::filesystem::path& path, const crypto::TrustPolicy& policy);

// Writes the whole release, its `.bakehouse/` included, into the empty directory `to`. Every file
// is checked as it is written. On an Error `to` holds a part of it and must be thrown away.
tree::Manifest unpack(const Archive& archive, const base::Dir& to);

// The same checks, writing nothing.
tree::Manifest check(const Archive& archive);

}  // namespace bakehouse::artifact
