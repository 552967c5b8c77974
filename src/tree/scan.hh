// What is in a directory, as a manifest.
#pragma once

#include "base/dir.hh"
#include "tree/manifest.hh"
#include "tree/stat_index.hh"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::tree {

struct ScanOptions {
  // Paths left out with all below them. Called from several threads at once.
  std::function<bool(const base::TreePath&)> excluded = [](const base::TreePath&) { return false; };
  // Sees the content of every regular file, in pieces of 1 MiB with `overlap` bytes of the piece
  // before; called from several threads at once, but never for one file.
  std::function<void(const Entry& file, std::string_view piece)> inspect;
  size_t overlap = 0;
  Detail detail = Detail::release;
  // `known`: nothing is read; a file that the index does not know has a digest of zeros.
  enum class Content { all, known } content = Content::all;
  // Whether the content of a file is of interest; of others the digest is zeros. Called from several threads
  // at once.
  std::function<bool(const base::TreePath&, uint64_t size)> wants_content;
  // Files it knows are not read (unless they are to be inspected); it learns of those that were.
  StatIndex* index = nullptr;
  // What cannot be read, vanishes or changes meanwhile, or contains itself: told in `Scan::faults`,
  // or thrown by those who need the whole tree.
  enum class Faults { report, fail } faults = Faults::fail;
  unsigned workers = 0;  // as many as there are processors
};

struct ScanFault {
  base::TreePath path;
  std::string message;
};

struct Scan {
  Manifest manifest;
  // Devices, sockets and FIFOs: no manifest lists them.
  std::vector<base::TreePath> specials;
  std::vector<base::TreePath> left_out;  // what was there and `excluded`
  std::vector<base::TreePath> mounts;    // directories on which something is mounted; listed like others
  // A file among them is listed with a digest of zeros, a directory without what it holds.
  std::vector<ScanFault> faults;
};

// Nothing is followed; mounts below `dir` are entered. Memory: about a hundred bytes an entry.
Scan scan(const base::Dir& dir, const ScanOptions& options = {});

}  // namespace bakehouse::tree
