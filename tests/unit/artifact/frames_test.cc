#include "artifact/frames.hh"

#include "support/failure.hh"
#include "support/mentions.hh"
#include "support/random_tree.hh"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace frames_test {

using namespace bakehouse;
using namespace bakehouse::support;
using namespace std::string_literals;
using artifact::Frame;

namespace {

Frame some_frame(Random& random) {
  Frame frame;
  frame.compressed_size = static_cast<uint32_t>(1 + random.up_to(1 << 20));
  frame.size = static_cast<uint32_t>(1 + random.up_to(1 << 22));
  frame.compressed_digest = crypto::sha256(random.bytes(8));
  frame.content_hash = tree::hash128(random.bytes(8));
  return frame;
}

std::string u32(uint32_t number) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(number >> (8 * i));
  return bytes;
}

std::string index_failure(const std::string& payload) {
  return failure([&] { artifact::parse_index(payload); });
}

}  // namespace

TEST_CASE("an index is 'BHIX', version, count, and 56 bytes a frame") {
  Frame frame{0x01020304, 0x0A0B0C, crypto::sha256("compressed"), {}};
  // As xxhsum -H128 prints it for an empty file.
  frame.content_hash = tree::hash128("");
  const std::string of_nothing = "\x99\xaa\x06\xd3\x01\x47\x98\xd8\x60\x01\xc3\x24\x46\x8d\x49\x7f";
  const std::string payload = artifact::format_index({frame});
  CHECK(payload == "BHIX"s + u32(1) + u32(1) + "\x04\x03\x02\x01" + "\x0C\x0B\x0A\0"s +
                       std::string(frame.compressed_digest.view()) + of_nothing);
}

TEST_CASE("an index reads back as it was written") {
  Random random(5);
  for (const size_t count : {0, 1, 2, 100}) {
    CAPTURE(count);
    std::vector<Frame> frames;
    for (size_t i = 0; i < count; ++i) frames.push_back(some_frame(random));
    const auto again = artifact::parse_index(artifact::format_index(frames));
    REQUIRE(again.size() == frames.size());
    for (size_t i = 0; i < count; ++i) {
      CHECK(again[i].compressed_size == frames[i].compressed_size);
      CHECK(again[i].size == frames[i].size);
      CHECK(again[i].compressed_digest == frames[i].compressed_digest);
      CHECK(again[i].content_hash == frames[i].content_hash);
    }
  }
}

TEST_CASE("a malformed index is refused, and no count makes it allocate") {
  Random random(6);
  const std::string good = artifact::format_index({some_frame(random), some_frame(random)});
  const auto with = [&](size_t offset, const std::string& bytes) {
    return std::string(good).replace(offset, bytes.size(), bytes);
  };
  const struct {
    std::string what;
    std::string payload;
    std::string said;
  } rows[] = {
      {"empty", "", "has no head"},
      {"short head", good.substr(0, 11), "has no head"},
      {"other magic", with(0, "BHIY"), "has no head"},
      {"version 0", with(4, u32(0)), "has version 0, this program reads 1"},
      {"version 2", with(4, u32(2)), "has version 2, this program reads 1"},
      {"fewer frames", with(8, u32(1)), "not as long as its count"},
      {"more frames", with(8, u32(3)), "not as long as its count"},
      {"4 GiB of frames", with(8, u32(0xFFFFFFFF)), "not as long as its count"},
      // 2^29 frames of 56 bytes more: a product of 32 bits would be right again
      {"count that wraps", with(8, u32(2 + 0x20000000)), "not as long as its count"},
      {"a byte more", good + "\0"s, "not as long as its count"},
      {"a byte less", good.substr(0, good.size() - 1), "not as long as its count"},
      {"frame of nothing", with(16, u32(0)), "frame 1 has no legal size"},
      {"second frame of nothing", with(16 + 56, u32(0)), "frame 2 has no legal size"},
      {"frame too large", with(16, u32((64 << 20) + 1)), "frame 1 has no legal size"},
      {"frame of 4 GiB", with(16, u32(0xFFFFFFFF)), "frame 1 has no legal size"},
      {"compressed too large", with(12, u32((64 << 20) + 1)), "frame 1 has no legal size"},
      {"compressed to nothing", with(12, u32(0)), "frame 1 has no legal size"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    CHECK(index_failure(row.payload) == Mentions{row.said});
    CHECK(index_failure(row.payload).starts_with("input: "));
  }
  CHECK(index_failure(with(16, u32(64 << 20))) == "no failure");
}

TEST_CASE("an index cut at any length is refused") {
  Random random(8);
  const std::string good = artifact::format_index({some_frame(random), some_frame(random)});
  for (size_t length = 0; length < good.size(); ++length) {
    CAPTURE(length);
    CHECK(index_failure(good.substr(0, length)).starts_with("input: "));
  }
}

TEST_CASE("the seek table is the one of zstd's seekable format, without checksums") {
  CHECK(artifact::format_seek_table({{10, 20, {}, {}}, {30, 40, {}, {}}}) ==
        u32(0x184D2A5E) + u32(2 * 8 + 9) + u32(10) + u32(20) + u32(30) + u32(40) + u32(2) + "\0"s +
            u32(0x8F92EAB1));
}

TEST_CASE("a skippable frame tells its size only to who expects it") {
  const std::string bytes = artifact::skippable(artifact::index_magic, "payload");
  CHECK(bytes == u32(0x184D2A5B) + u32(7) + "payload");
  CHECK(artifact::skippable_size(bytes, artifact::index_magic) == 7);
  CHECK_FALSE(artifact::skippable_size(bytes, artifact::seek_table_magic));
  CHECK_FALSE(artifact::skippable_size(bytes.substr(0, 7), artifact::index_magic));
  CHECK_FALSE(artifact::skippable_size("", artifact::index_magic));
}

TEST_CASE("a frame gives back what was compressed, whatever the level") {
  Random random(9);
  for (const std::string& content : {""s, "x"s, std::string(100000, 'a'), random.bytes(70000)}) {
    for (const int level : {1, 3, 9, 19}) {
      CAPTURE(content.size());
      CAPTURE(level);
      const std::string frame = artifact::compress_frame(content, level);
      CHECK(artifact::measure_frame(frame).compressed == frame.size());
      CHECK(artifact::measure_frame(frame).content == content.size());
      CHECK(artifact::measure_frame(frame + "and more").compressed == frame.size());
      CHECK(artifact::decompress_frame(frame, content.size()) == content);
      CHECK(artifact::compress_frame(content, level) == frame);
    }
  }
}

TEST_CASE("nothing is searched for in bytes that look random, and in all others it is") {
  Random random(10);
  const std::string noise = random.bytes(300'000);
  std::string letters = random.bytes(300'000);
  for (char& byte : letters) byte = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"[static_cast<unsigned char>(byte) % 32];
  // One quiet place is enough, and a short frame is not looked at.
  std::string mixed = noise;
  std::fill_n(mixed.begin(), 4096, 'a');
  CHECK(artifact::compress_frame(noise, 9) == artifact::compress_frame(noise, 1));
  for (const std::string& content : {letters, letters + letters, mixed}) {
    CAPTURE(content.size());
    CHECK(artifact::compress_frame(content, 9) != artifact::compress_frame(content, 1));
  }
}

TEST_CASE("a frame that is not exactly what was announced is refused") {
  const std::string content(5000, 'a');
  const std::string frame = artifact::compress_frame(content, 9);
  // The same frame, but its header says that it holds one byte more.
  std::string liar = frame;
  const size_t size_at = liar.find("\x88\x12"s);  // 5000 less 256, as two bytes
  REQUIRE(size_at != std::string::npos);
  REQUIRE(size_at < 8);
  liar[size_at] = static_cast<char>(liar[size_at] + 1);
  const struct {
    std::string what;
    std::string bytes;
    uint64_t size;
  } rows[] = {
      {"another size", frame, 4999},
      {"another size", frame, 5001},
      {"empty", "", 5000},
      {"cut", frame.substr(0, frame.size() - 1), 5000},
      {"a byte more", frame + "\0"s, 5000},
      {"two frames", frame + frame, 5000},
      {"two frames", frame + frame, 10000},
      {"a skippable frame", artifact::skippable(artifact::index_magic, "payload"), 7},
      {"a frame after a skippable one", artifact::skippable(artifact::index_magic, "") + frame, 5000},
      {"no frame at all", "this is no zstd frame", 5000},
      {"its own lie", liar, 5000},
      {"its own lie believed", liar, 5001},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    CHECK(failure([&] { artifact::decompress_frame(row.bytes, row.size); }).starts_with("input: "));
  }
}

TEST_CASE("a frame that does not say how much it holds is refused") {
  // zstd's frame of "abc" from a pipe: descriptor without a content size, window of 1 KiB, one raw block.
  const std::string frame = "\x28\xB5\x2F\xFD"s + "\x00"s + "\x00"s + "\x19\x00\x00"s + "abc";
  CHECK(failure([&] { artifact::measure_frame(frame); }) == "input: a frame does not say how much it holds");
}

TEST_CASE("a frame with any bit flipped gives the same content or none") {
  const std::string content = "some content, and some content again, and again some content";
  const std::string frame = artifact::compress_frame(content, 9);
  for (size_t place = 0; place < frame.size(); ++place) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = frame;
      changed[place] = static_cast<char>(changed[place] ^ (1 << bit));
      CAPTURE(place);
      CAPTURE(bit);
      try {
        const std::string read = artifact::decompress_frame(changed, content.size());
        CHECK(read == content);
      } catch (const base::Error& error) {
        CHECK(error.fault() == base::Fault::input);
      }
    }
  }
}

TEST_CASE("a stored frame is what any zstd reads, and has one spelling") {
  for (const size_t size : {0, 1, 255, 256, 131071, 131072, 131073, 400000}) {
    CAPTURE(size);
    std::string content(size, '\0');
    for (size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 131 >> 3);
    const std::string frame = artifact::stored_frame(content);
    const auto read = artifact::read_stored_frame(frame + "and more", 1 << 20);
    CHECK(read.content == content);
    CHECK(read.size == frame.size());
    if (size > 0) CHECK(artifact::decompress_frame(frame, size) == content);
    CHECK_THROWS_AS(artifact::read_stored_frame(frame.substr(0, frame.size() - 1), 1 << 20), base::Error);
    if (size > 0) CHECK_THROWS_AS(artifact::read_stored_frame(frame, size - 1), base::Error);
  }
}

}  // namespace frames_test
