// What is in a directory, as a manifest.
#pragma once

#include "base/dir.hh"
#include "tree/manifest.hh"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::tree {

struct ScanOptions {
  // Paths left out with all below them.
  std::function<bool(const base::TreePath&)> excluded = [](const base::TreePath&) { return false; };
  // Sees the content of every regular file, in pieces of 1 MiB with `overlap` bytes of the piece
  // before; called from several threads at once, but never for one file.
  std::function<void(const Entry& file, std::string_view piece)> inspect;
  size_t overlap = 0;
};

struct Scan {
  Manifest manifest;
  // Devices, sockets and FIFOs: no manifest lists them.
  std::vector<base::TreePath> specials;
};

// Reads and digests every regular file. Nothing is followed. A file that changes while it is read
// is an Error.
Scan scan(const base::Dir& dir, const ScanOptions& options = {});

}  // namespace bakehouse::tree
