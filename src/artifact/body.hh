// The body of an archive whose head is verified: its index, its frames, and what stands before the
// tree. Private to this folder.
#pragma once

#include "artifact/frames.hh"
#include "artifact/read.hh"

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::artifact {

class BodyReader {
 public:
  // Reads the index and checks it against release.json.
  explicit BodyReader(const Archive& archive);

  size_t frames() const { return frames_.size(); }
  // In the tar stream.
  uint64_t begin(size_t frame) const { return begins_[frame]; }
  uint64_t end(size_t frame) const { return begins_[frame + 1]; }
  uint64_t size() const { return begins_.back(); }
  // The frame that holds this byte.
  size_t frame_at(uint64_t offset) const;

  // The content of a frame, verified. May be called by several threads at once.
  std::string load(size_t frame) const;
  // The same in room that is used again and again: memory that is new with every frame costs more than the
  // frame. Valid until the thread's next call.
  std::span<char> load_here(size_t frame) const;

  // What follows the last frame is for other people's readers; it only must be nothing else.
  void require_seek_table_last() const;

 private:
  void load(size_t frame, std::span<char> content) const;

  const Archive& archive_;
  std::vector<Frame> frames_;
  std::vector<uint64_t> begins_;   // and where the last one ends
  std::vector<uint64_t> offsets_;  // in the file, likewise
};

struct Front {
  std::string manifest_text;
  tree::Manifest manifest;
  std::map<std::string, std::string> parts;
  uint64_t size = 0;  // of it all in the stream: where the tree begins
};

// The manifest and the parts, each verified against release.json; and that the manifest lists what a
// release may hold.
Front read_front(const Archive& archive, const BodyReader& body);

bool are_zeros(std::string_view bytes);

}  // namespace bakehouse::artifact
