// The beginning of a file that may be an archive, from a stranger: frame 0 has one spelling, and without a
// trusted signature nothing is opened, whatever the frame holds.
#include "artifact/frames.hh"
#include "artifact/read.hh"

#include "fuzz/memory_file.hh"
#include "fuzz/target.hh"
#include "support/archive_draft.hh"

namespace bakehouse::fuzz {
namespace {

void require_refused(std::string_view archive) {
  static const crypto::TrustPolicy policy = support::trust(crypto::SecretKey::generate());
  const MemoryFile file(archive);
  require(!accepted([&] { return artifact::open_archive(file.path(), policy); }), "a stranger signs nothing");
}

}  // namespace

void test_one(std::string_view input) {
  const auto frame = accepted([&] { return artifact::read_stored_frame(input, artifact::largest_head); });
  if (frame) {
    require(artifact::stored_frame(frame->content) == input.substr(0, frame->size),
            "frame 0 has one spelling");
  }
  require_refused(input);
  // So that the fuzzer need not find out how to store a frame before it sees what stands in one.
  require_refused(artifact::stored_frame(input));
}

}  // namespace bakehouse::fuzz
