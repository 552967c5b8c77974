// The index of frames: what is read is what would be written, and no size in it is beyond its limit.
#include "artifact/frames.hh"

#include "fuzz/target.hh"

namespace bakehouse::fuzz {
namespace {

bool is_legal(uint64_t size) { return size > 0 && size <= artifact::largest_frame; }

}  // namespace

void test_one(std::string_view input) {
  const auto frames = accepted([&] { return artifact::parse_index(input); });
  if (!frames) return;
  require(artifact::format_index(*frames) == input, "an index has one spelling");
  for (const artifact::Frame& frame : *frames)
    require(is_legal(frame.size) && is_legal(frame.compressed_size), "frames have legal sizes");
}

}  // namespace bakehouse::fuzz
