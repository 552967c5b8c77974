// The last build phase: the built tree becomes a signed archive.
#pragma once

#include "bakery/build.hh"
#include "bakery/cook.hh"

#include <filesystem>
#include <string>

namespace bakehouse::bakery {

struct Bundle {
  std::filesystem::path archive;
  std::string version;
  crypto::PublicKey key;  // of the signature
};

// Writes releases/<name>-<version>.tar.zst and, beside it, a signature of the whole file for people
// who have only minisign and tar.
Bundle bundle(const node::Node& node, const ProjectFile& file, const source::Checkout& checkout,
              const Built& built, const base::Dir& tree, const CookOptions& options);

}  // namespace bakehouse::bakery
