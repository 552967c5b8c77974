#include "artifact/sink.hh"

#include "artifact/metadata.hh"
#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>

#include <cerrno>

#include <unistd.h>

namespace bakehouse::artifact {
namespace {

using base::Fd;
using base::TreePath;

void write_all_at(const Fd& file, std::string_view bytes, uint64_t offset, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(file.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) base::fail_os("write", name);
    bytes.remove_prefix(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
}

}  // namespace

std::string shown(const tree::Entry& entry) { return base::printable(entry.path.str()); }

void require_digest(const tree::Entry& entry, const crypto::Digest& found) {
  if (found == entry.digest) return;
  throw base::Error(base::Fault::input, fmt::format("'{}': its digest differs", shown(entry)));
}

void Sink::begin(const Archive& archive, const Front& front) const {
  to_.make_dir(metadata_path(), 0755);
  const base::Seconds time = archive.info.created;
  write_part("release.json", archive.release_json, time);
  write_part("release.json.minisig", archive.signature_file, time);
  write_part("manifest", front.manifest_text, time);
  for (const auto& [name, content] : front.parts) write_part(name, content, time);
  tree::make_directories_and_links(front.manifest, to_);
}

void Sink::write_whole(const tree::Entry& entry, std::string_view bytes, base::LastDir& dir) const {
  Fd file = dir.holding(entry.path).create_file(TreePath::parse(entry.path.name()), entry.mode);
  base::write_all(file, bytes, shown(entry));
  finish(file, entry);
}

void Sink::write_piece(const tree::Entry& entry, size_t member, uint64_t offset, std::string_view bytes) {
  const Fd* file = nullptr;
  {
    const std::lock_guard lock(mutex_);
    Fd& opened = open_[member];
    if (!opened) opened = to_.create_file(entry.path, entry.mode);
    file = &opened;
  }
  write_all_at(*file, bytes, offset, shown(entry));
}

void Sink::finish_pieces(const tree::Entry& entry, size_t member) {
  Fd file;
  {
    const std::lock_guard lock(mutex_);
    file = std::move(open_.extract(member).mapped());
  }
  finish(file, entry);
}

void Sink::write_twin(const tree::Entry& entry, const TreePath& first) const {
  const Fd source = to_.open_file(first);
  Fd file = to_.create_file(entry.path, entry.mode);
  crypto::Sha256 sha;
  thread_local std::string buffer(256 << 10, '\0');
  while (const size_t count = base::read_some(source, buffer, shown(entry))) {
    sha.update({buffer.data(), count});
    base::write_all(file, {buffer.data(), count}, shown(entry));
  }
  require_digest(entry, sha.finish());
  finish(file, entry);
}

void Sink::write_part(const std::string& name, std::string_view content, base::Seconds time) const {
  Fd file = to_.create_file(metadata_path() / name, 0644);
  base::write_all(file, content, name);
  base::set_mtime(file, {time, 0}, name);
  file.close(name);
}

void Sink::finish(Fd& file, const tree::Entry& entry) const {
  base::set_mtime(file, entry.time, shown(entry));
  if (index_ != nullptr && entry.size > 0)
    index_->add(tree::identity_of(base::stat_of(file, shown(entry))), entry.digest);
  file.close(shown(entry));
}

}  // namespace bakehouse::artifact
