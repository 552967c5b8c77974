// Packing: a tree and its metadata become one archive file.
#pragma once

#include "artifact/release_info.hh"
#include "base/dir.hh"
#include "tree/manifest.hh"

#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace bakehouse::artifact {

// Makes the content of a signature file for release.json. Given as a function, because nothing
// that writes archives needs to hold a key, and nothing in this folder may sign.
using Sign = std::function<std::string(const std::string& json, const std::string& trusted_comment)>;

struct PackRequest {
  const base::Dir& tree;
  const tree::Manifest& manifest;
  std::map<std::string, std::string> parts;  // content of `.bakehouse/NAME`
  ReleaseInfo info;                          // all but what packing finds out
  int level = 9;
  Sign sign;
};

// Writes the archive, which appears whole or not at all, and replaces one of the same name.
// Every file is digested as it is compressed: one that is no longer what the manifest says fails.
// The same request gives the same bytes. Returns what release.json says.
ReleaseInfo pack(const PackRequest& request, const std::filesystem::path& archive);

}  // namespace bakehouse::artifact
