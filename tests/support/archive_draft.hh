// Archives put together from artifact's own pieces and really signed, each piece open to change:
// what a holder of a trusted key could make, and no packer would.
#pragma once

#include "artifact/frames.hh"
#include "artifact/release_info.hh"
#include "crypto/secret_key.hh"
#include "crypto/trust.hh"
#include "support/tree_literal.hh"
#include "tree/manifest.hh"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace bakehouse::support {

// What a release of project "shop" says of itself before anything is packed.
artifact::ReleaseInfo some_release();

// The manifest of a tree that is nowhere on disk.
tree::Manifest manifest_of(const Tree& tree);

// A policy that trusts this key alone.
crypto::TrustPolicy trust(const crypto::SecretKey& key);

// The content of release.json.minisig.
std::string sign(const crypto::SecretKey& key, const std::string& json, const std::string& comment);

struct Draft {
  artifact::ReleaseInfo info = some_release();
  std::string manifest;                                    // the text
  std::vector<std::pair<std::string, std::string>> parts;  // name, content
  std::vector<std::string> members;                        // of the tree: header, content, padding
  std::string end = std::string(1024, '\0');               // of the tar stream

  // Each sees what the honest archive would have and may change it.
  std::function<void(std::vector<std::string>& frames)> change_frames;          // before compression
  std::function<void(std::vector<std::string>& compressed)> change_compressed;  // after
  std::function<void(std::vector<artifact::Frame>& index)> change_index;
  std::function<void(std::string& payload)> change_index_bytes;
  std::function<void(artifact::ReleaseInfo& info)> change_info;  // after all has been computed
  std::function<void(std::string& json)> change_json;
  std::function<void(std::string& comment)> change_comment;
  std::function<void(std::string& head)> change_head;         // unpacked, signature included
  std::function<void(std::string& frame)> change_head_frame;  // compressed
  std::function<void(std::string& seek_table)> change_seek_table;
};

// The archive that packing this tree gives, in pieces. Times of folders and links are `created`.
Draft draft_of(const Tree& tree);
// The bytes of a member of the tree, whose content the member `twin` has, if any: for drafts whose stream
// differs from their manifest.
std::string member_bytes(const tree::Entry& entry, const std::optional<std::string>& twin,
                         const std::string& content);

std::string seal(const Draft& draft, const crypto::SecretKey& key);

}  // namespace bakehouse::support
