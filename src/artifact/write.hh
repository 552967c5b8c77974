// Packing: a tree and its metadata become one archive file.
#pragma once

#include "artifact/cut.hh"
#include "artifact/frames.hh"
#include "artifact/release_info.hh"
#include "base/dir.hh"
#include "base/progress.hh"
#include "tree/manifest.hh"

#include <filesystem>
#include <functional>
#include <map>
#include <string>

namespace bakehouse::artifact {

// Sees the content of each regular file that is packed, in pieces with `overlap` bytes of the piece
// before; several threads at once, but never for one file. One of several equal files is enough.
struct Inspect {
  std::function<void(const tree::Entry& file, std::string_view piece)> look;
  size_t overlap = 0;
};

struct BodyRequest {
  const base::Dir& tree;
  // Digests that are zeros are not known yet and found out: of the very bytes that are packed.
  tree::Manifest& manifest;
  const std::map<std::string, std::string>& parts;  // content of `.bakehouse/NAME`
  base::Seconds created;                            // the time of all that has none of its own
  int level = 9;
  CutRule rule = default_rule;
  Inspect inspect = {};
  // How many bytes of the stream are done, of how many; now and then, by one thread at a time.
  base::Progress progress = {};
  unsigned workers = 0;
};

// All of an archive but its head, compressed, in a file without a name.
struct Body {
  std::string front;  // the frames of manifest and parts
  base::Fd spool;     // those of the tree
  std::vector<Frame> frames;
  uint64_t tar_size = 0;
  Part manifest;
  std::map<std::string, Part> parts;
  uint64_t entries = 0;
  uint64_t bytes = 0;
  int level = 0;
  CutRule rule{};
};

// `directory` has room for the spool. A file that changes meanwhile, or is not what the manifest
// says, is an Error(input). The same request gives the same bytes, whatever the number of workers.
Body pack_body(const BodyRequest& request, const std::filesystem::path& directory);

// Makes the content of a signature file for release.json. Given as a function, because nothing
// that writes archives needs to hold a key, and nothing in this folder may sign.
using Sign = std::function<std::string(const std::string& json, const std::string& trusted_comment)>;

// Writes the archive, which appears whole or not at all, and replaces one of the same name. Returns
// `info` with what the body decides: what release.json says.
ReleaseInfo write_archive(const Body& body, ReleaseInfo info, const Sign& sign,
                          const std::filesystem::path& archive);

}  // namespace bakehouse::artifact
