// What an archive says of itself, for those who are about to sign it: it is well formed, and nobody
// has been believed yet.
#pragma once

#include "artifact/release_info.hh"
#include "crypto/minisign.hh"

#include <filesystem>
#include <string>

namespace bakehouse::artifact {

struct Claim {
  ReleaseInfo info;
  std::string release_json;
  crypto::Signature embedded;  // whoever made it; its trusted comment is the right one
};

// Frame 0 only. The errors are those of open_archive, but for the signatures.
Claim read_claim(const std::filesystem::path& path);

}  // namespace bakehouse::artifact
