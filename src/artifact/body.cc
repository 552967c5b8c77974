#include "artifact/body.hh"

#include "artifact/rules.hh"
#include "artifact/tar.hh"
#include "base/error.hh"
#include "base/reused_memory.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::artifact {
namespace {

using base::Error;
using base::Fault;

std::string read_index(const Archive& archive) {
  const std::string shown = archive.path.native();
  std::string header(skippable_header_size, '\0');
  base::read_exactly_at(archive.file, header, archive.body_offset, shown);
  if (skippable_size(header, index_magic) != archive.info.index.size)
    throw Error(Fault::input, "the index is not where it must be");
  std::string payload(archive.info.index.size, '\0');
  base::read_exactly_at(archive.file, payload, archive.body_offset + header.size(), shown);
  if (crypto::sha256(payload) != archive.info.index.digest) throw Error(Fault::input, "the index is damaged");
  return payload;
}

// The stream from its beginning, as far as it is asked for.
class FrontStream {
 public:
  explicit FrontStream(const BodyReader& body) : body_(body) {}

  void expect(std::string_view bytes, std::string_view what, std::string_view part) {
    while (!bytes.empty()) {
      const std::string_view found = next(bytes.size());
      if (found != bytes.substr(0, found.size()))
        throw Error(Fault::input, fmt::format("{} of {} is not what release.json says", what, part));
      bytes.remove_prefix(found.size());
    }
  }

  std::string take(uint64_t size) {
    std::string content;
    content.reserve(size);
    while (content.size() < size) content += next(size - content.size());
    return content;
  }

  uint64_t position() const { return (frame_ == 0 ? 0 : body_.begin(frame_ - 1)) + position_; }

 private:
  // At least one byte; valid until the next call.
  std::string_view next(uint64_t most) {
    while (position_ == current_.size()) {
      if (frame_ == body_.frames()) throw Error(Fault::input, "the archive ends before its manifest does");
      current_ = body_.load(frame_++);
      position_ = 0;
    }
    const std::string_view bytes = std::string_view(current_).substr(position_, most);
    position_ += bytes.size();
    return bytes;
  }

  const BodyReader& body_;
  size_t frame_ = 0;  // the next one
  std::string current_;
  size_t position_ = 0;
};

std::string read_part(FrontStream& stream, const std::string& name, const Part& part, base::Seconds time) {
  stream.expect(tar_part(name, part.size, time).header, "the header", name);
  std::string content = stream.take(part.size);
  if (crypto::sha256(content) != part.digest)
    throw Error(Fault::input, fmt::format("{}: its digest differs", name));
  stream.expect(std::string(tar_padding(part.size), '\0'), "the padding", name);
  return content;
}

}  // namespace

BodyReader::BodyReader(const Archive& archive) : archive_(archive) {
  frames_ = parse_index(read_index(archive));
  begins_.reserve(frames_.size() + 1);
  offsets_.reserve(frames_.size() + 1);
  uint64_t begin = 0;
  uint64_t offset = archive.body_offset + skippable_header_size + archive.info.index.size;
  for (const Frame& frame : frames_) {
    begins_.push_back(begin);
    offsets_.push_back(offset);
    begin += frame.size;
    offset += frame.compressed_size;
  }
  begins_.push_back(begin);
  offsets_.push_back(offset);
  if (begin != archive.info.tar_size)
    throw Error(Fault::input, "the frames do not add up to the size that was signed");
}

size_t BodyReader::frame_at(uint64_t offset) const {
  const auto behind = std::upper_bound(begins_.begin(), begins_.end(), offset);
  return static_cast<size_t>(behind - begins_.begin()) - 1;
}

std::string BodyReader::load(size_t frame) const {
  std::string content(frames_[frame].size, '\0');
  load(frame, content);
  return content;
}

std::span<char> BodyReader::load_here(size_t frame) const {
  thread_local base::ReusedMemory room;
  const std::span<char> content = room.of(frames_[frame].size);
  load(frame, content);
  return content;
}

void BodyReader::load(size_t i, std::span<char> content) const {
  const Frame& frame = frames_[i];
  thread_local base::ReusedMemory room;
  const std::span<char> bytes = room.of(frame.compressed_size);
  base::read_exactly_at(archive_.file, bytes, offsets_[i], archive_.path.native());
  const std::string_view compressed(bytes.data(), bytes.size());
  base::with_context(fmt::format("frame {}", i + 1), [&] {
    if (crypto::sha256(compressed) != frame.compressed_digest)
      throw Error(Fault::input, "damaged: its digest differs");
    decompress_frame(compressed, content);
    if (tree::hash128({content.data(), content.size()}) != frame.content_hash)
      throw Error(Fault::input, "damaged: the hash of its content differs");
  });
}

void BodyReader::require_seek_table_last() const {
  const uint64_t size = base::stat_of(archive_.file, archive_.path.native()).size;
  const uint64_t offset = offsets_.back();
  std::string header(skippable_header_size, '\0');
  base::read_exactly_at(archive_.file, header, offset, archive_.path.native());
  const auto payload = skippable_size(header, seek_table_magic);
  if (!payload || offset + header.size() + *payload != size)
    throw Error(Fault::input, "something else than a seek table follows the last frame");
}

Front read_front(const Archive& archive, const BodyReader& body) {
  const ReleaseInfo& info = archive.info;
  FrontStream stream(body);
  Front front;
  front.manifest_text = read_part(stream, "manifest", info.manifest, info.created);
  front.manifest = tree::parse_manifest(front.manifest_text, "manifest");
  if (front.manifest.entries.size() != info.entries || front.manifest.bytes() != info.bytes) {
    throw Error(Fault::input, "the manifest lists another number of entries or bytes than release.json says");
  }
  require_allowed(front.manifest);
  require_release_fields(front.manifest);
  for (const auto& [name, part] : info.parts) front.parts[name] = read_part(stream, name, part, info.created);
  front.size = stream.position();
  return front;
}

bool are_zeros(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

}  // namespace bakehouse::artifact
