#include "tree/read_file.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/reused_memory.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::tree {
namespace {

constexpr size_t largest_piece = 1 << 20;

const crypto::Digest& digest_of_nothing() {
  static const crypto::Digest digest = crypto::sha256("");
  return digest;
}

// Reads as many bytes as the file had, and not the end after them: one call for a small file.
crypto::Digest read_through(const base::Fd& file, uint64_t size, const std::string& shown,
                            const SeePiece& see, size_t overlap) {
  const size_t piece = static_cast<size_t>(std::min<uint64_t>(size, largest_piece));
  // For a piece and what is kept of the one before; a thread reads one file at a time.
  thread_local base::ReusedMemory memory;
  const auto buffer = memory.of(overlap + piece);
  crypto::Sha256 sha;
  size_t kept = 0;
  for (uint64_t left = size; left > 0;) {
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(left, piece));
    const size_t count = base::read_some(file, buffer.subspan(kept, wanted), shown);
    if (count == 0) break;  // shorter than it was: the caller's second look finds out
    left -= count;
    sha.update({buffer.data() + kept, count});
    if (!see) continue;
    const std::string_view seen(buffer.data(), kept + count);
    see(seen);
    kept = std::min(overlap, seen.size());
    std::copy(seen.end() - static_cast<std::ptrdiff_t>(kept), seen.end(), buffer.begin());
  }
  return sha.finish();
}

bool is_unchanged(const base::FileStat& before, const base::FileStat& after) {
  return before.inode == after.inode && before.device == after.device && before.size == after.size &&
         before.mtime == after.mtime;
}

}  // namespace

crypto::Digest digest_file(const base::Dir& dir, const base::TreePath& name, const base::FileStat& seen,
                           const base::FileTime& when, StatIndex* index, const SeePiece& see,
                           size_t overlap) {
  if (seen.size == 0) return digest_of_nothing();
  const std::string shown = (dir.path() / name.str()).native();
  const base::Fd file = dir.open_file(name);
  const crypto::Digest digest = read_through(file, seen.size, shown, see, overlap);
  const auto after = base::stat_of(file, shown);
  if (!is_unchanged(seen, after)) {
    throw base::Error(base::Fault::input,
                      fmt::format("'{}' changed while it was read", base::printable(shown)),
                      "stop what writes to it and try again");
  }
  // A link made meanwhile changes the ctime too, and nothing else: no harm, it is read again.
  if (index != nullptr && after.ctime == seen.ctime && is_settled(seen.ctime, when)) {
    index->add(identity_of(seen), digest);
  }
  return digest;
}

crypto::Digest known_digest(const base::Dir& dir, const base::TreePath& name, const base::FileStat& seen,
                            const base::FileTime& when, StatIndex* index) {
  if (seen.size == 0) return digest_of_nothing();
  if (index != nullptr) {
    if (const auto known = index->find(identity_of(seen))) return *known;
  }
  return digest_file(dir, name, seen, when, index);
}

}  // namespace bakehouse::tree
