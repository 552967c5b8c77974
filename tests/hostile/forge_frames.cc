// Bombs, and frames that are not what they say: threat 5.
#include "hostile/forge.hh"

#include "tree/fast_hash.hh"

#include <string>

namespace bakehouse::hostile {
namespace {

using support::Draft;

constexpr uint64_t four_gib = 4ULL << 30;
constexpr int ordinary_window = 20;
constexpr size_t largest_block = 128 * 1024;

void put_u64(std::string& bytes, uint64_t number) {
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(number >> (8 * i));
}

// RFC 8878: magic, descriptor, window, and the content size where it is told.
std::string frame_head(int window_log, std::optional<uint64_t> content) {
  constexpr char size_in_eight_bytes = static_cast<char>(0xC0);
  std::string head("\x28\xB5\x2F\xFD", 4);
  head += content ? size_in_eight_bytes : '\0';
  head += static_cast<char>((window_log - 10) << 3);
  if (content) put_u64(head, *content);
  return head;
}

enum class Block { raw = 0, repeated = 1 };

void put_block_head(std::string& frame, Block kind, size_t size, bool is_last) {
  const auto head = static_cast<uint32_t>(size << 3 | static_cast<uint32_t>(kind) << 1 | (is_last ? 1U : 0U));
  for (int i = 0; i < 3; ++i) frame += static_cast<char>(head >> (8 * i));
}

// Four bytes for each 128 KiB of zeros: 4 GiB are 131 KB.
std::string zeros_frame(std::string head, uint64_t size) {
  for (; size > 0; size -= std::min<uint64_t>(size, largest_block)) {
    put_block_head(head, Block::repeated, std::min<uint64_t>(size, largest_block), size <= largest_block);
    head += '\0';
  }
  return head;
}

std::string raw_frame(std::string head, std::string_view content) {
  do {
    const std::string_view block = content.substr(0, largest_block);
    content.remove_prefix(block.size());
    put_block_head(head, Block::raw, block.size(), content.empty());
    head += block;
  } while (!content.empty());
  return head;
}

// The frame of the tree, by the content that an honest one has.
using ChangeFrame = std::function<void(std::string& compressed, const std::string& content)>;
Forgery forge_frame(std::string name, ChangeFrame change) {
  return {std::move(name), [change = std::move(change)](const Forger& forger) {
            Draft draft = honest_draft();
            std::string content;
            draft.change_frames = [&](auto& frames) { content = frames.back(); };
            draft.change_compressed = [&](auto& frames) { change(frames.back(), content); };
            return support::seal(draft, forger.trusted);
          }};
}

// Announced truthfully in the index as well: 64 frames of 64 MiB, none of them larger than a frame may be.
Forgery forge_many_frames(std::string name) {
  return forge(std::move(name), [](Draft& draft) {
    constexpr size_t count = 64;
    const std::string frame =
        zeros_frame(frame_head(ordinary_window, artifact::largest_frame), artifact::largest_frame);
    artifact::Frame entry;
    entry.compressed_size = static_cast<uint32_t>(frame.size());
    entry.size = artifact::largest_frame;
    entry.compressed_digest = crypto::sha256(frame);
    entry.content_hash = tree::hash128(std::string(artifact::largest_frame, '\0'));
    draft.change_compressed = [=](auto& frames) { frames.insert(frames.end(), count, frame); };
    draft.change_index = [=](auto& index) { index.insert(index.end(), count, entry); };
    draft.change_info = [](auto& info) { info.tar_size += count * artifact::largest_frame; };
  });
}

Forgeries bombs() {
  return {
      forge_frame("bomb-of-4-gib",
                  [](auto& frame, const auto&) {
                    frame = zeros_frame(frame_head(ordinary_window, four_gib), four_gib);
                  }),
      forge_frame("bomb-of-4-gib-hidden",
                  [](auto& frame, const auto& content) {
                    frame = zeros_frame(frame_head(ordinary_window, content.size()), four_gib);
                  }),
      forge_frame("bomb-of-4-gib-unannounced",
                  [](auto& frame, const auto&) {
                    frame = zeros_frame(frame_head(ordinary_window, std::nullopt), four_gib);
                  }),
      forge("bomb-of-4-gib-in-the-index",
            [](Draft& draft) {
              const std::string frame = zeros_frame(frame_head(ordinary_window, four_gib - 1), four_gib - 1);
              draft.change_compressed = [=](auto& frames) { frames.back() = frame; };
              draft.change_index = [](auto& index) { index.back().size = UINT32_MAX; };
              draft.change_info = [](auto& info) { info.tar_size += UINT32_MAX; };
            }),
      forge("bomb-in-the-place-of-the-manifest",
            [](Draft& draft) {
              draft.change_compressed = [](auto& frames) {
                frames.front() = zeros_frame(frame_head(ordinary_window, four_gib), four_gib);
              };
            }),
      forge_many_frames("bomb-of-64-frames"),
      forge_frame("window-of-2-gib",
                  [](auto& frame, const auto& content) {
                    frame = raw_frame(frame_head(31, content.size()), content);
                  }),
      forge_frame("window-of-3-tib",
                  [](auto& frame, const auto& content) {
                    frame = raw_frame(frame_head(41, content.size()), content);
                  }),
      forge_frame(
          "window-of-2-gib-and-no-size",
          [](auto& frame, const auto& content) { frame = raw_frame(frame_head(31, std::nullopt), content); }),
  };
}

Forgeries broken_frames() {
  return {
      forge_frame("frame-with-a-wrong-checksum",
                  [](auto& frame, const auto&) { frame.back() = static_cast<char>(frame.back() ^ 1); }),
      forge_frame("frame-that-wants-a-dictionary",
                  [](auto& frame, const auto& content) {
                    std::string head("\x28\xB5\x2F\xFD\xC1\x50\x2A", 7);
                    put_u64(head, content.size());
                    frame = raw_frame(head, content);
                  }),
      forge_frame("frame-with-a-reserved-bit",
                  [](auto& frame, const auto& content) {
                    std::string head = frame_head(ordinary_window, content.size());
                    head[4] = static_cast<char>(head[4] | 8);
                    frame = raw_frame(head, content);
                  }),
      forge_frame("frame-without-a-size",
                  [](auto& frame, const auto& content) {
                    frame = raw_frame(frame_head(ordinary_window, std::nullopt), content);
                  }),
      forge_frame("frame-with-less-than-it-says",
                  [](auto& frame, const auto& content) {
                    frame = raw_frame(frame_head(ordinary_window, content.size()), content.substr(512));
                  }),
      forge_frame("frame-with-more-than-it-says",
                  [](auto& frame, const auto& content) {
                    frame = raw_frame(frame_head(ordinary_window, content.size()), content + "x");
                  }),
      forge_frame("frame-cut-short", [](auto& frame, const auto&) { frame.resize(frame.size() / 2); }),
      forge_frame("frame-and-a-byte", [](auto& frame, const auto&) { frame += 'x'; }),
      forge_frame("frame-and-another",
                  [](auto& frame, const auto&) { frame += artifact::compress_frame("x", 3); }),
      forge_frame("frame-and-a-skippable-one",
                  [](auto& frame, const auto&) { frame += artifact::skippable(0x184D2A50, "x"); }),
      forge_frame("frame-behind-a-skippable-one",
                  [](auto& frame, const auto&) { frame.insert(0, artifact::skippable(0x184D2A50, "x")); }),
      forge_frame("frame-of-an-old-zstd", [](auto& frame, const auto&) { frame[0] = '\x27'; }),
      forge_frame("frame-that-is-none", [](auto& frame, const auto&) { frame.assign(frame.size(), 'x'); }),
      forge_frame("frame-of-nothing", [](auto& frame, const auto&) { frame.clear(); }),
  };
}

}  // namespace

Forgeries forged_frames() {
  Forgeries all = bombs();
  for (Forgery& forgery : broken_frames()) all.push_back(std::move(forgery));
  return all;
}

}  // namespace bakehouse::hostile
