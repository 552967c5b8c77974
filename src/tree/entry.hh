// One path of a tree, with all that may be known of it.
#pragma once

#include "base/dir.hh"
#include "base/file_time.hh"
#include "base/tree_path.hh"
#include "crypto/digest.hh"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace bakehouse::tree {

// How much is told of an entry.
enum class Detail : uint8_t {
  release,  // what an archive holds: type, mode, size, time of files, link target, digest
  all,      // also owners, attributes, ACLs, hard links and the times of directories and links
};

struct Owner {
  uint32_t uid = 0;
  uint32_t gid = 0;

  friend bool operator==(const Owner&, const Owner&) = default;
};

// Extended attributes by name. ACLs are among them, in the kernel's own form.
using Attributes = std::map<std::string, std::string>;

struct Entry {
  base::TreePath path;
  base::FileType type = base::FileType::regular;  // regular, directory or symlink
  uint32_t mode = 0;                              // of links always 0777
  uint64_t size = 0;                              // of regular files
  base::FileTime time;                            // of regular files; of others with Detail::all
  std::string link;                               // of links
  crypto::Digest digest;                          // of regular files

  // A manifest as text tells owners, when it was made with them, and nothing else of what follows.
  std::optional<Owner> owner;
  Detail detail = Detail::release;  // without `all`, what follows is not known to be absent
  Attributes attributes;
  base::TreePath same_file;  // the earlier entry that is the same inode; the top when there is none

  friend bool operator==(const Entry&, const Entry&) = default;
};

}  // namespace bakehouse::tree
