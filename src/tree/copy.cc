#include "tree/copy.hh"

#include "base/encoding.hh"
#include "base/error.hh"
#include "base/threads.hh"

#include <sys/ioctl.h>

#include <linux/fs.h>
#include <unistd.h>

namespace bakehouse::tree {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::Fd;
using base::FileType;

// A file system that shares extents copies at once; what it shared is read back for the digest.
bool share_extents(const Fd& from, const Fd& to) { return ::ioctl(to.get(), FICLONE, from.get()) == 0; }

crypto::Digest copy_content(const Fd& from, const std::string& shown, const Fd& to,
                            const std::string& shown_to) {
  if (share_extents(from, to)) return crypto::sha256_of(to, shown_to);
  crypto::Sha256 sha;
  std::string buffer(1 << 20, '\0');
  while (const size_t count = base::read_some(from, buffer, shown)) {
    const std::string_view piece(buffer.data(), count);
    sha.update(piece);
    base::write_all(to, piece, shown_to);
  }
  return sha.finish();
}

void keep_owner(const Dir& from, const base::TreePath& path, const Dir& to) {
  if (::geteuid() != 0) return;
  const auto stat = from.stat(path);
  if (stat) to.set_owner(path, stat->uid, stat->gid);
}

void copy_file(const Dir& from, const Entry& entry, const Dir& to) {
  const std::string shown = (from.path() / entry.path.str()).native();
  const Fd source = from.open_file(entry.path);
  const std::string shown_to = (to.path() / entry.path.str()).native();
  // Set-id bits come last: until then the file may belong to us and hold somebody else's bytes.
  Fd target = to.create_file(entry.path, entry.mode & 01777);
  if (copy_content(source, shown, target, shown_to) != entry.digest) {
    throw Error(Fault::input, fmt::format("'{}' is not what its manifest says", base::printable(shown)));
  }
  target.close(shown_to);
  keep_owner(from, entry.path, to);
  if ((entry.mode & 06000) != 0) to.set_mode(entry.path, entry.mode);
  to.set_mtime(entry.path, entry.time);
}

}  // namespace

void make_directories_and_links(const Manifest& manifest, const Dir& to) {
  for (const Entry& entry : manifest.entries) {
    if (entry.type == FileType::directory) to.make_dir(entry.path, 0700);
    if (entry.type == FileType::symlink) to.make_symlink(entry.link, entry.path);
  }
}

void finish_directories(const Manifest& manifest, const Dir& to) {
  for (auto entry = manifest.entries.rbegin(); entry != manifest.entries.rend(); ++entry) {
    if (entry->type == FileType::directory) to.set_mode(entry->path, entry->mode);
  }
}

void copy_tree(const Dir& from, const Manifest& manifest, const Dir& to) {
  make_directories_and_links(manifest, to);
  base::Pool pool;
  for (const Entry& entry : manifest.entries) {
    if (entry.type == FileType::regular) pool.submit([&] { copy_file(from, entry, to); });
  }
  pool.finish();
  for (const Entry& entry : manifest.entries) {
    if (entry.type != FileType::regular) keep_owner(from, entry.path, to);
  }
  finish_directories(manifest, to);
}

}  // namespace bakehouse::tree
