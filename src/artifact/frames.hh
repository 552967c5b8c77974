// The container around the tar stream: independent zstd frames, an index of them near the front,
// and the zstd project's own seek table at the end for other people's readers.
#pragma once

#include "base/fd.hh"
#include "crypto/digest.hh"
#include "tree/fast_hash.hh"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bakehouse::artifact {

constexpr uint32_t index_magic = 0x184D2A5B;
constexpr uint32_t seek_table_magic = 0x184D2A5E;
constexpr uint64_t skippable_header_size = 8;
constexpr uint64_t largest_head = 1 << 20;       // of frame 0, compressed or not
constexpr uint64_t largest_frame = 64ULL << 20;  // of any other, compressed or not

struct Frame {
  uint32_t compressed_size = 0;
  uint32_t size = 0;
  crypto::Digest compressed_digest;
  tree::Hash128 content_hash{};  // finds what is there already; proves nothing
};

std::string format_index(const std::vector<Frame>& frames);
std::vector<Frame> parse_index(std::string_view payload);

// `frames` are all that stand before it in the file, one behind the other: frame 0, the index (a
// skippable frame, which holds nothing), the frames of the body.
std::string format_seek_table(const std::vector<Frame>& frames);

std::string skippable(uint32_t magic, std::string_view payload);
// The size of the payload when `header` (8 bytes) begins a skippable frame with that magic.
std::optional<uint32_t> skippable_size(std::string_view header, uint32_t magic);

// A zstd frame that stores its content as it is, in the one way that this function knows. Frame 0
// is one: whoever has its content knows every byte of it, and reading it takes no decompressor.
std::string stored_frame(std::string_view content);
struct StoredFrame {
  std::string content;
  uint64_t size;  // of the frame itself
};
// `bytes` begin with a stored frame of at most `limit` bytes of content; Error(input) for anything
// that stored_frame would not write.
StoredFrame read_stored_frame(std::string_view bytes, uint64_t limit);

std::string compress_frame(std::string_view bytes, int level);
// The same with what the index says of it.
struct CompressedFrame {
  std::string bytes;
  Frame frame;
};
CompressedFrame make_frame(std::string_view content, int level);
// Exactly one frame, which must say that it holds as many bytes as there is room, and does.
void decompress_frame(std::string_view compressed, std::span<char> content);
std::string decompress_frame(std::string_view compressed, uint64_t size);
// The length of the zstd frame that `bytes` begin with, and of what it says it holds.
struct FrameSizes {
  uint64_t compressed;
  uint64_t content;
};
FrameSizes measure_frame(std::string_view bytes);
std::string zstd_version();

}  // namespace bakehouse::artifact
