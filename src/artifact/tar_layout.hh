// Where in the tar stream the members of a tree lie. The manifest decides it, so that any stretch of
// the stream can be written, or checked, without what is before it.
#pragma once

#include "artifact/tar.hh"

#include <functional>
#include <span>

namespace bakehouse::artifact {

// A piece of the stream in somebody's buffer.
struct Piece {
  enum class Kind { header, content, padding, end } kind;
  size_t member = 0;
  uint64_t offset = 0;        // of content: within the file; of the end: behind the last member
  std::string_view expected;  // of a header: what it must be; as long as the call
  std::span<char> bytes;
};

class TarLayout {
 public:
  // `twins` as find_twins gives them; the manifest must outlive this. Digests are not looked at.
  TarLayout(const tree::Manifest& manifest, std::vector<uint32_t> twins, base::Seconds directory_time);

  size_t members() const { return begins_.size() - 1; }
  uint64_t begin(size_t member) const { return begins_[member]; }
  uint64_t end(size_t member) const { return begins_[member + 1]; }
  // With the two blocks that end the stream.
  uint64_t size() const { return begins_.back() + tar_end_size; }
  // The member that holds this byte; members() for the end blocks.
  size_t member_at(uint64_t offset) const;

  const tree::Manifest& manifest() const { return manifest_; }
  // The path of the twin of a member, where it has one.
  std::optional<std::string> twin(size_t member) const { return twin_of(manifest_, twins_, member); }
  // How many bytes of content stand in the stream.
  uint64_t content_size(size_t member) const;

  // Calls `see` for each piece of `bytes`, which are the stream from `begin` on.
  void each_piece(uint64_t begin, std::span<char> bytes, const std::function<void(const Piece&)>& see) const;

 private:
  void each_piece_of(size_t member, uint64_t begin, std::span<char> bytes,
                     const std::function<void(const Piece&)>& see) const;

  const tree::Manifest& manifest_;
  std::vector<uint32_t> twins_;
  std::vector<uint64_t> begins_;  // and where the last one ends
  base::Seconds directory_time_;
};

}  // namespace bakehouse::artifact
