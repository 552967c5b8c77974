#include "artifact/frames.hh"

#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <memory>

namespace bakehouse::artifact {
namespace {

using base::Error;
using base::Fault;

template <auto destroy>
struct Destroy {
  void operator()(auto* handle) const { destroy(handle); }
};
using Decompressor = std::unique_ptr<ZSTD_DCtx, Destroy<ZSTD_freeDCtx>>;

constexpr std::string_view index_name = "BHIX";
constexpr uint32_t index_version = 1;
constexpr size_t index_head_size = 12;
constexpr size_t index_entry_size = 8 + sizeof(crypto::Digest::bytes) + sizeof(tree::Hash128);
constexpr int largest_window_log = 27;
constexpr uint32_t zstd_magic = 0xFD2FB528;
constexpr char stored_descriptor = static_cast<char>(0xA0);
constexpr size_t largest_block = 128 * 1024;
// The seekable format of the zstd project: no checksums, and its own magic at the very end.
constexpr uint32_t seekable_footer_magic = 0x8F92EAB1;

// One for a thread: to make it anew for every frame costs more than a small frame does.
Decompressor& decompressor() {
  thread_local Decompressor context(ZSTD_createDCtx());
  if (!context) throw Error(Fault::internal, "no memory to decompress");
  return context;
}

// What whoever decodes the frame piece by piece has to keep (RFC 8878, 3.1.1.1). We decompress at once and
// keep nothing, so that libzstd checks no limit here; other programs do, and could not read the archive.
uint64_t window_of(std::string_view frame, uint64_t content) {
  constexpr unsigned one_segment = 0x20;
  if ((static_cast<unsigned char>(frame[4]) & one_segment) != 0) return content;
  const auto window = static_cast<unsigned char>(frame[5]);
  const uint64_t base = uint64_t{1} << (10 + (window >> 3));
  return base + base / 8 * (window & 7);
}

crypto::Digest get_digest(std::string_view bytes) {
  crypto::Digest digest;
  std::copy_n(bytes.begin(), digest.bytes.size(), digest.bytes.begin());
  return digest;
}

size_t checked(size_t result, std::string_view doing) {
  if (ZSTD_isError(result) != 0U) {
    throw Error(Fault::input, fmt::format("cannot {} a frame: {}", doing, ZSTD_getErrorName(result)));
  }
  return result;
}

}  // namespace

std::string format_index(const std::vector<Frame>& frames) {
  std::string payload(index_name);
  base::put_u32(payload, index_version);
  base::put_u32(payload, static_cast<uint32_t>(frames.size()));
  for (const Frame& frame : frames) {
    base::put_u32(payload, frame.compressed_size);
    base::put_u32(payload, frame.size);
    payload += frame.compressed_digest.view();
    payload.append(reinterpret_cast<const char*>(frame.content_hash.data()), frame.content_hash.size());
  }
  return payload;
}

std::vector<Frame> parse_index(std::string_view payload) {
  if (payload.size() < index_head_size || !payload.starts_with(index_name))
    throw Error(Fault::input, "the index has no head");
  if (const uint32_t version = base::get_u32(payload.substr(4)); version != index_version) {
    throw Error(Fault::input,
                fmt::format("the index has version {}, this program reads {}", version, index_version));
  }
  const uint32_t count = base::get_u32(payload.substr(8));
  if (payload.size() != index_head_size + uint64_t{count} * index_entry_size) {
    throw Error(Fault::input, "the index is not as long as its count of frames says");
  }
  std::vector<Frame> frames;
  frames.reserve(count);
  for (payload.remove_prefix(index_head_size); !payload.empty(); payload.remove_prefix(index_entry_size)) {
    Frame frame;
    frame.compressed_size = base::get_u32(payload);
    frame.size = base::get_u32(payload.substr(4));
    frame.compressed_digest = get_digest(payload.substr(8));
    std::copy_n(payload.begin() + 40, frame.content_hash.size(), frame.content_hash.begin());
    if (frame.size == 0 || frame.size > largest_frame || frame.compressed_size == 0 ||
        frame.compressed_size > largest_frame) {
      throw Error(Fault::input, fmt::format("frame {} has no legal size", frames.size() + 1));
    }
    frames.push_back(frame);
  }
  return frames;
}

std::string format_seek_table(const std::vector<Frame>& frames) {
  std::string payload;
  for (const Frame& frame : frames) {
    base::put_u32(payload, frame.compressed_size);
    base::put_u32(payload, frame.size);
  }
  base::put_u32(payload, static_cast<uint32_t>(frames.size()));
  payload += '\0';  // descriptor: no checksums
  base::put_u32(payload, seekable_footer_magic);
  return skippable(seek_table_magic, payload);
}

std::string skippable(uint32_t magic, std::string_view payload) {
  std::string bytes;
  base::put_u32(bytes, magic);
  base::put_u32(bytes, static_cast<uint32_t>(payload.size()));
  bytes += payload;
  return bytes;
}

std::optional<uint32_t> skippable_size(std::string_view header, uint32_t magic) {
  if (header.size() < skippable_header_size || base::get_u32(header) != magic) return std::nullopt;
  return base::get_u32(header.substr(4));
}

// RFC 8878: magic, a descriptor that says "one segment, content size in four bytes, no checksum",
// that size, and raw blocks, all but the last of the largest size there is.
std::string stored_frame(std::string_view content) {
  std::string frame;
  base::put_u32(frame, zstd_magic);
  frame += stored_descriptor;
  base::put_u32(frame, static_cast<uint32_t>(content.size()));
  do {
    const std::string_view block = content.substr(0, largest_block);
    content.remove_prefix(block.size());
    const uint32_t header = (content.empty() ? 1U : 0U) | static_cast<uint32_t>(block.size() << 3);
    for (int i = 0; i < 3; ++i) frame += static_cast<char>(header >> (8 * i));
    frame += block;
  } while (!content.empty());
  return frame;
}

StoredFrame read_stored_frame(std::string_view bytes, uint64_t limit) {
  constexpr size_t head_size = 9;
  constexpr size_t block_head_size = 3;
  if (bytes.size() < head_size || base::get_u32(bytes) != zstd_magic || bytes[4] != stored_descriptor) {
    throw Error(Fault::input, "it does not begin with a stored zstd frame");
  }
  const uint64_t size = base::get_u32(bytes.substr(5));
  if (size > limit) throw Error(Fault::input, "its first frame is too large");
  // Where the blocks lie follows from the size; that they are as they must be, from comparing.
  StoredFrame frame{{}, head_size};
  while (frame.size == head_size || frame.content.size() < size) {
    const uint64_t block = std::min<uint64_t>(size - frame.content.size(), largest_block);
    if (bytes.size() < frame.size + block_head_size + block)
      throw Error(Fault::input, "its first frame is cut off");
    frame.content += bytes.substr(frame.size + block_head_size, block);
    frame.size += block_head_size + block;
  }
  if (stored_frame(frame.content) != bytes.substr(0, frame.size)) {
    throw Error(Fault::input, "its first frame is not stored as it must be");
  }
  return frame;
}

CompressedFrame make_frame(std::string_view content, int level) {
  CompressedFrame made{compress_frame(content, level), {}};
  made.frame = {static_cast<uint32_t>(made.bytes.size()), static_cast<uint32_t>(content.size()),
                crypto::sha256(made.bytes), tree::hash128(content)};
  return made;
}

void decompress_frame(std::string_view compressed, std::span<char> content) {
  const uint64_t size = content.size();
  const FrameSizes sizes = measure_frame(compressed);
  if (sizes.compressed != compressed.size())
    throw Error(Fault::input, "a frame has another length than the index says");
  if (sizes.content != size)
    throw Error(Fault::input, "a frame holds another number of bytes than the index says");
  if (window_of(compressed, size) > uint64_t{1} << largest_window_log)
    throw Error(Fault::input, "a frame wants a window of more than 128 MiB");
  const Decompressor& context = decompressor();
  checked(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, largest_window_log), "decompress");
  const size_t written = checked(ZSTD_decompressDCtx(context.get(), content.data(), content.size(),
                                                     compressed.data(), compressed.size()),
                                 "decompress");
  if (written != size) throw Error(Fault::input, "a frame holds fewer bytes than it says");
}

std::string decompress_frame(std::string_view compressed, uint64_t size) {
  std::string content(size, '\0');
  decompress_frame(compressed, std::span(content));
  return content;
}

FrameSizes measure_frame(std::string_view bytes) {
  const size_t compressed = checked(ZSTD_findFrameCompressedSize(bytes.data(), bytes.size()), "measure");
  const unsigned long long content = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (content == ZSTD_CONTENTSIZE_UNKNOWN || content == ZSTD_CONTENTSIZE_ERROR) {
    throw Error(Fault::input, "a frame does not say how much it holds");
  }
  return {compressed, content};
}

std::string zstd_version() { return ZSTD_versionString(); }

}  // namespace bakehouse::artifact
