#include "artifact/read.hh"

#include "artifact/frames.hh"
#include "artifact/rules.hh"
#include "artifact/tar.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "tree/make.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::artifact {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::Fd;
using base::TreePath;

// The tar stream of the body, frame after frame, each digested before it is decompressed.
class FrameStream {
 public:
  FrameStream(const Archive& archive, std::vector<Frame> frames, uint64_t offset)
      : archive_(archive), frames_(std::move(frames)), offset_(offset) {}

  // Up to `most` bytes, at least one; they stay valid until the next call.
  std::string_view next(uint64_t most) {
    while (position_ == current_.size()) load();
    const std::string_view bytes = std::string_view(current_).substr(position_, most);
    position_ += bytes.size();
    return bytes;
  }

  void expect(std::string_view bytes, std::string_view what) {
    while (!bytes.empty()) {
      const std::string_view found = next(bytes.size());
      if (bytes.substr(0, found.size()) != found) {
        throw Error(Fault::input, fmt::format("{} is not what the manifest says", what));
      }
      bytes.remove_prefix(found.size());
    }
  }

  void expect_zeros(uint64_t count, std::string_view what) { expect(std::string(count, '\0'), what); }

  bool at_end() const { return next_frame_ == frames_.size() && position_ == current_.size(); }
  uint64_t offset() const { return offset_; }

 private:
  void load() {
    if (next_frame_ == frames_.size()) throw Error(Fault::input, "the archive ends before its manifest does");
    const Frame& frame = frames_[next_frame_++];
    std::string compressed(frame.compressed_size, '\0');
    base::read_exactly_at(archive_.file, compressed, offset_, archive_.path.native());
    base::with_context(fmt::format("frame {}", next_frame_), [&] {
      if (crypto::sha256(compressed) != frame.compressed_digest)
        throw Error(Fault::input, "damaged: its digest differs");
      current_ = decompress_frame(compressed, frame.size);
      if (crypto::sha256(current_) != frame.digest)
        throw Error(Fault::input, "damaged: the digest of its content differs");
    });
    offset_ += frame.compressed_size;
    position_ = 0;
  }

  const Archive& archive_;
  std::vector<Frame> frames_;
  size_t next_frame_ = 0;
  uint64_t offset_;
  std::string current_;
  size_t position_ = 0;
};

FrameStream open_stream(const Archive& archive) {
  const std::string shown = archive.path.native();
  std::string header(skippable_header_size, '\0');
  base::read_exactly_at(archive.file, header, archive.body_offset, shown);
  if (skippable_size(header, index_magic) != archive.info.index.size) {
    throw Error(Fault::input, "the index is not where it must be");
  }
  std::string payload(archive.info.index.size, '\0');
  base::read_exactly_at(archive.file, payload, archive.body_offset + header.size(), shown);
  if (crypto::sha256(payload) != archive.info.index.digest) throw Error(Fault::input, "the index is damaged");
  std::vector<Frame> frames = parse_index(payload);
  uint64_t total = 0;
  for (const Frame& frame : frames) total += frame.size;
  if (total != archive.info.tar_size)
    throw Error(Fault::input, "the frames do not add up to the size that was signed");
  return {archive, std::move(frames), archive.body_offset + header.size() + payload.size()};
}

std::string read_part(FrameStream& stream, const std::string& name, const Part& part, base::Seconds time) {
  stream.expect(tar_part(name, part.size, time).header, name);
  std::string content;
  content.reserve(part.size);
  while (content.size() < part.size) content += stream.next(part.size - content.size());
  if (crypto::sha256(content) != part.digest)
    throw Error(Fault::input, fmt::format("{}: its digest differs", name));
  stream.expect_zeros(tar_padding(part.size), name);
  return content;
}

// Where the content of regular files goes: to disk, or (with no directory) nowhere.
class Sink {
 public:
  explicit Sink(const Dir* to) : to_(to) {}

  void take_part(const std::string& name, const std::string& content, base::Seconds time) const {
    if (to_ == nullptr) return;
    const TreePath path = TreePath::parse(".bakehouse") / name;
    Fd file = to_->create_file(path, 0644);
    base::write_all(file, content, name);
    file.close(name);
    to_->set_mtime(path, time);
  }

  void take_file(FrameStream& stream, const tree::Entry& entry) const {
    const std::string shown = base::printable(entry.path.str());
    Fd file = to_ != nullptr ? to_->create_file(entry.path, entry.mode) : Fd();
    crypto::Sha256 sha;
    for (uint64_t left = entry.size; left > 0;) {
      const std::string_view piece = stream.next(left);
      sha.update(piece);
      if (file) base::write_all(file, piece, shown);
      left -= piece.size();
    }
    if (sha.finish() != entry.digest)
      throw Error(Fault::input, fmt::format("'{}': its digest differs", shown));
    close(file, entry);
  }

  // Twins share their content in the archive only: on disk each is a file of its own.
  void take_twin(const tree::Entry& entry, const TreePath& twin) const {
    if (to_ == nullptr) return;
    const std::string shown = base::printable(entry.path.str());
    Fd file = to_->create_file(entry.path, entry.mode);
    const Fd source = to_->open_file(twin);
    crypto::Sha256 sha;
    std::string buffer(256 * 1024, '\0');
    while (const size_t count = base::read_some(source, buffer, shown)) {
      sha.update({buffer.data(), count});
      base::write_all(file, {buffer.data(), count}, shown);
    }
    if (sha.finish() != entry.digest)
      throw Error(Fault::input, fmt::format("'{}': its digest differs", shown));
    close(file, entry);
  }

 private:
  void close(Fd& file, const tree::Entry& entry) const {
    if (!file) return;
    file.close(entry.path.str());
    to_->set_mtime(entry.path, entry.time);
  }

  const Dir* to_;
};

void read_entries(FrameStream& stream, const tree::Manifest& manifest, base::Seconds time, const Sink& sink) {
  const auto twins = find_twins(manifest);
  for (size_t i = 0; i < manifest.entries.size(); ++i) {
    const tree::Entry entry = manifest.entries[i];
    const auto twin = twin_of(manifest, twins, i);
    const TarMember member = tar_entry(entry, twin, time);
    const std::string shown = base::printable(entry.path.str());
    stream.expect(member.header, fmt::format("the header of '{}'", shown));
    if (entry.type != base::FileType::regular) continue;
    if (twin) {
      sink.take_twin(entry, TreePath::parse(*twin));
    } else {
      sink.take_file(stream, entry);
      stream.expect_zeros(tar_padding(entry.size), fmt::format("the padding of '{}'", shown));
    }
  }
}

// What follows the last frame is for other people's readers; it only must be nothing else.
void require_seek_table_last(const Archive& archive, uint64_t offset) {
  const uint64_t size = base::stat_of(archive.file, archive.path.native()).size;
  std::string header(skippable_header_size, '\0');
  base::read_exactly_at(archive.file, header, offset, archive.path.native());
  const auto payload = skippable_size(header, seek_table_magic);
  if (!payload || offset + header.size() + *payload != size) {
    throw Error(Fault::input, "something else than a seek table follows the last frame");
  }
}

tree::Manifest read_body(const Archive& archive, const Dir* to) {
  const ReleaseInfo& info = archive.info;
  FrameStream stream = open_stream(archive);
  const Sink sink(to);
  if (to != nullptr) to->make_dir(TreePath::parse(".bakehouse"), 0755);

  const std::string manifest_text = read_part(stream, "manifest", info.manifest, info.created);
  tree::Manifest manifest = tree::parse_manifest(manifest_text, "manifest");
  if (manifest.entries.size() != info.entries || manifest.bytes() != info.bytes) {
    throw Error(Fault::input, "the manifest lists another number of entries or bytes than release.json says");
  }
  require_allowed(manifest);
  require_release_fields(manifest);
  sink.take_part("release.json", archive.release_json, info.created);
  sink.take_part("release.json.minisig", archive.signature_file, info.created);
  sink.take_part("manifest", manifest_text, info.created);
  for (const auto& [name, part] : info.parts) {
    sink.take_part(name, read_part(stream, name, part, info.created), info.created);
  }
  if (to != nullptr) tree::make_directories_and_links(manifest, *to);
  read_entries(stream, manifest, info.created, sink);
  if (to != nullptr) tree::finish_directories(manifest, *to);
  stream.expect_zeros(tar_end_size, "the end of the archive");
  if (!stream.at_end()) throw Error(Fault::input, "the archive goes on after its end");
  require_seek_table_last(archive, stream.offset());
  return manifest;
}

}  // namespace

tree::Manifest unpack(const Archive& archive, const Dir& to) {
  return base::with_context(fmt::format("the archive '{}'", base::printable(archive.path.native())),
                            [&] { return read_body(archive, &to); });
}

tree::Manifest check(const Archive& archive) {
  return base::with_context(fmt::format("the archive '{}'", base::printable(archive.path.native())),
                            [&] { return read_body(archive, nullptr); });
}

}  // namespace bakehouse::artifact
