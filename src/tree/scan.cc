#include "tree/scan.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/threads.hh"

#include <algorithm>

namespace bakehouse::tree {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::FileType;
using base::TreePath;

// Deeper trees would also meet the limit of a path's length; this bound is for the walk's own stack.
constexpr int deepest = 512;

class Walk {
 public:
  Walk(const ScanOptions& options, Scan& result) : options_(options), result_(result) {}

  void enter(const Dir& dir, const TreePath& path, int depth) {
    if (depth > deepest) {
      throw Error(Fault::input, fmt::format("'{}' lies more than {} directories deep",
                                            base::printable(path.str()), deepest));
    }
    for (const std::string& name : dir.names()) {
      const TreePath inner = path / name;
      if (options_.excluded(inner)) continue;
      take(dir, TreePath::parse(name), inner, depth);
    }
  }

 private:
  void take(const Dir& dir, const TreePath& name, const TreePath& path, int depth) {
    const auto stat = dir.stat(name);
    if (!stat) return;  // vanished since the listing: it is not part of the tree
    if (stat->type == FileType::other) {
      result_.specials.push_back(path);
      return;
    }
    Entry entry;
    entry.path = path;
    entry.type = stat->type;
    entry.mode = stat->mode;
    if (stat->type == FileType::symlink) {
      entry.mode = 0777;
      entry.link = dir.read_link(name);
    }
    if (stat->type == FileType::regular) {
      entry.size = stat->size;
      entry.time = stat->mtime;
    }
    result_.manifest.entries.push_back(std::move(entry));
    if (stat->type == FileType::directory) enter(dir.open_dir(name), path, depth + 1);
  }

  const ScanOptions& options_;
  Scan& result_;
};

void digest_file(const Dir& dir, Entry& entry, const ScanOptions& options) {
  constexpr size_t piece = 1 << 20;
  const base::Fd file = dir.open_file(entry.path);
  const std::string shown = (dir.path() / entry.path.str()).native();
  crypto::Sha256 sha;
  std::string buffer(options.overlap + piece, '\0');
  size_t kept = 0;
  uint64_t size = 0;
  while (const size_t count = base::read_some(file, {buffer.data() + kept, piece}, shown)) {
    sha.update({buffer.data() + kept, count});
    size += count;
    const std::string_view seen(buffer.data(), kept + count);
    if (options.inspect) options.inspect(entry, seen);
    kept = std::min(options.overlap, seen.size());
    std::copy(seen.end() - static_cast<std::ptrdiff_t>(kept), seen.end(), buffer.begin());
  }
  if (size != entry.size) {
    throw Error(Fault::input, fmt::format("'{}' changed while it was read", base::printable(shown)),
                "stop what writes to it and try again");
  }
  entry.digest = sha.finish();
}

}  // namespace

Scan scan(const Dir& dir, const ScanOptions& options) {
  Scan result;
  Walk(options, result).enter(dir, TreePath(), 0);
  auto& entries = result.manifest.entries;
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.path < b.path; });
  base::Pool pool;
  for (Entry& entry : entries) {
    if (entry.type == FileType::regular) pool.submit([&] { digest_file(dir, entry, options); });
  }
  pool.finish();
  return result;
}

}  // namespace bakehouse::tree
