// Reading an archive, in the order in which it is verified: signatures, release.json, index,
// manifest, and then every byte against them. Nothing of it is believed before.
#pragma once

#include "artifact/release_info.hh"
#include "base/dir.hh"
#include "base/fd.hh"
#include "base/progress.hh"
#include "crypto/trust.hh"
#include "tree/make.hh"

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace bakehouse::artifact {

// An open archive whose head is verified: what `info` says, trusted keys signed.
// The descriptor stays open, so that what is unpacked later is the file that was looked at.
struct Archive {
  std::filesystem::path path;  // for messages
  base::Fd file;
  ReleaseInfo info;
  std::string release_json;
  std::string signature_file;             // release.json.minisig, whether or not it counted
  std::vector<crypto::KeyId> signers;     // whose signatures counted
  std::vector<crypto::Signature> beside;  // those of them that came beside the archive
  uint64_t body_offset = 0;               // where the index begins
};

// The embedded signature and those in `<path>.sigs/` count together. Throws Error(trust) for what not
// enough trusted keys signed, Error(input) for what is no archive.
Archive open_archive(const std::filesystem::path& path, const crypto::TrustPolicy& policy);

struct UnpackOptions {
  // A tree that may lend files, so that the frames which those alone need are never decompressed.
  const tree::Lender* lender = nullptr;
  // Spares reading what is lent; learns of all that is written.
  tree::StatIndex* index = nullptr;
  // How many bytes of the stream are done, of how many; now and then, by one thread at a time.
  base::Progress progress = {};
  unsigned workers = 0;
};

struct Unpacked {
  tree::Manifest manifest;
  uint64_t linked = 0;   // files that were lent
  uint64_t frames = 0;   // of the archive
  uint64_t skipped = 0;  // frames that were not needed
};

// Writes the whole release, its `.bakehouse/` included, into the empty directory `to`. Every file
// is checked as it is written. On an Error `to` holds a part of it and must be thrown away. Nothing
// is durable before the caller syncs.
Unpacked unpack(const Archive& archive, const base::Dir& to, const UnpackOptions& options = {});

// The same checks, writing nothing.
tree::Manifest check(const Archive& archive, unsigned workers = 0);

// What describes the release; of the tree nothing is read.
struct Contents {
  tree::Manifest manifest;
  std::map<std::string, std::string> parts;  // by name in `.bakehouse/`
};
Contents read_contents(const Archive& archive);
// The manifest alone.
tree::Manifest list(const Archive& archive);

// Writes the entries of these paths, and what is below them, into `to`; only the frames that hold them
// are read. Nothing of it may be there already. A path that the archive does not list is an
// Error(input). Returns how many entries were written.
uint64_t extract(const Archive& archive, const std::vector<base::TreePath>& paths, const base::Dir& to);

}  // namespace bakehouse::artifact
