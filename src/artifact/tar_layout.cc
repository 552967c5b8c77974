#include "artifact/tar_layout.hh"

#include <algorithm>

namespace bakehouse::artifact {
namespace {

using base::FileType;

// Without making the header, of which a large tree has many.
uint64_t header_size(const tree::Manifest& manifest, const std::vector<uint32_t>& twins, size_t i) {
  const size_t path = manifest.entries.path(i).size();
  switch (manifest.entries.type(i)) {
    case FileType::directory: return tar_header_size(path + 1, 0);
    case FileType::symlink: return tar_header_size(path, manifest.entries[i].link.size());
    default: return tar_header_size(path, twins[i] == i ? 0 : manifest.entries.path(twins[i]).size());
  }
}

}  // namespace

TarLayout::TarLayout(const tree::Manifest& manifest, std::vector<uint32_t> twins,
                     base::Seconds directory_time)
    : manifest_(manifest), twins_(std::move(twins)), directory_time_(directory_time) {
  begins_.reserve(manifest.entries.size() + 1);
  uint64_t at = 0;
  for (size_t i = 0; i < manifest.entries.size(); ++i) {
    begins_.push_back(at);
    const uint64_t content = content_size(i);
    at += header_size(manifest, twins_, i) + content + tar_padding(content);
  }
  begins_.push_back(at);
}

size_t TarLayout::member_at(uint64_t offset) const {
  const auto behind = std::upper_bound(begins_.begin(), begins_.end(), offset);
  return static_cast<size_t>(behind - begins_.begin()) - 1;
}

uint64_t TarLayout::content_size(size_t member) const {
  const bool is_stored = manifest_.entries.type(member) == FileType::regular && twins_[member] == member;
  return is_stored ? manifest_.entries.size_of_file(member) : 0;
}

void TarLayout::each_piece(uint64_t begin, std::span<char> bytes,
                           const std::function<void(const Piece&)>& see) const {
  for (size_t member = member_at(begin); !bytes.empty(); ++member) {
    const bool is_end = member >= members();
    const uint64_t left = is_end ? bytes.size() : end(member) - begin;
    const auto some = bytes.first(static_cast<size_t>(std::min<uint64_t>(left, bytes.size())));
    if (is_end) {
      see({Piece::Kind::end, member, begin - begins_.back(), {}, some});
    } else {
      each_piece_of(member, begin, some, see);
    }
    begin += some.size();
    bytes = bytes.subspan(some.size());
  }
}

void TarLayout::each_piece_of(size_t member, uint64_t begin, std::span<char> bytes,
                              const std::function<void(const Piece&)>& see) const {
  const uint64_t content = content_size(member);
  const uint64_t header = end(member) - this->begin(member) - content - tar_padding(content);
  uint64_t at = begin - this->begin(member);
  const auto take = [&](uint64_t until) {
    const auto some = bytes.first(static_cast<size_t>(std::min<uint64_t>(until - at, bytes.size())));
    bytes = bytes.subspan(some.size());
    return some;
  };
  if (at < header) {
    const std::string whole = tar_entry(manifest_.entries[member], twin(member), directory_time_).header;
    const auto some = take(header);
    see({Piece::Kind::header, member, 0, std::string_view(whole).substr(at, some.size()), some});
    at += some.size();
  }
  if (at < header + content && !bytes.empty()) {
    const auto some = take(header + content);
    see({Piece::Kind::content, member, at - header, {}, some});
    at += some.size();
  }
  if (!bytes.empty()) see({Piece::Kind::padding, member, 0, {}, bytes});
}

}  // namespace bakehouse::artifact
