#include "artifact/read.hh"

#include "artifact/frames.hh"
#include "artifact/tar.hh"
#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include <fcntl.h>

namespace bakehouse::artifact {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using base::Fd;

struct Head {
  std::string bytes;
  std::string json;
  std::string signature;
  uint64_t compressed_size = 0;
};

// The only number ever read from a tar header: how long a member of frame 0 is. The header as a
// whole is compared later, when the signed release.json has said what it must be.
uint64_t stated_size(std::string_view bytes, uint64_t offset) {
  constexpr uint64_t size_offset = 124;
  constexpr uint64_t digits = 11;
  uint64_t size = 0;
  if (bytes.size() < offset + tar_block) throw Error(Fault::input, "the first frame is too short");
  const char* const text = bytes.data() + offset + size_offset;
  const auto [end, error] = std::from_chars(text, text + digits, size, 8);
  if (error != std::errc() || end != text + digits || size > largest_head) {
    throw Error(Fault::input, "the first frame does not begin with release.json");
  }
  return size;
}

std::string member_at(std::string_view bytes, uint64_t& offset) {
  const uint64_t size = stated_size(bytes, offset);
  offset += tar_block;
  if (bytes.size() < offset + size) throw Error(Fault::input, "the first frame is too short");
  std::string content(bytes.substr(offset, size));
  offset += size + tar_padding(size);
  return content;
}

Head read_head(const Fd& file, const fs::path& path) {
  std::string start(2 * largest_head, '\0');
  size_t filled = 0;
  while (const size_t count = base::read_some_at(file, {start.data() + filled, start.size() - filled}, filled,
                                                 path.native())) {
    filled += count;
  }
  start.resize(filled);
  StoredFrame frame = read_stored_frame(start, largest_head);
  Head head;
  head.compressed_size = frame.size;
  head.bytes = std::move(frame.content);
  uint64_t offset = 0;
  head.json = member_at(head.bytes, offset);
  head.signature = member_at(head.bytes, offset);
  return head;
}

void require_canonical_head(const Head& head, base::Seconds time) {
  if (tar_head(head.json, head.signature, time) != head.bytes)
    throw Error(Fault::input, "its first frame holds something else than release.json and its signature");
}

Archive read_verified(const fs::path& path, const crypto::TrustPolicy& policy) {
  Archive archive;
  archive.path = path;
  // A FIFO must not be waited for; of a regular file the flag means nothing.
  archive.file = Fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!archive.file) base::fail_os("open", path.native());
  if (base::stat_of(archive.file, path.native()).type != base::FileType::regular) {
    throw Error(Fault::input, "it is no regular file");
  }
  Head head = read_head(archive.file, path);
  const auto embedded = crypto::parse_signature(head.signature, "release.json.minisig");
  const auto counted = crypto::require_signatures(policy, head.json, {embedded});
  if (crypto::format_signature(embedded, untrusted_comment) != head.signature) {
    throw Error(Fault::trust, "its signature is not written as it must be");
  }
  // A trusted key has signed these very bytes; from here on they may be parsed.
  archive.info = decode_release(head.json);
  const std::string comment = trusted_comment(archive.info, crypto::sha256(head.json));
  for (const auto& signature : counted) {
    if (signature.trusted_comment != comment) {
      throw Error(Fault::trust,
                  fmt::format("the trusted comment of the signature by {} speaks of another release",
                              signature.key.text()));
    }
    archive.signers.push_back(signature.key);
  }
  require_canonical_head(head, archive.info.created);
  archive.body_offset = head.compressed_size;
  archive.release_json = std::move(head.json);
  archive.signature_file = std::move(head.signature);
  return archive;
}

}  // namespace

Archive open_archive(const fs::path& path, const crypto::TrustPolicy& policy) {
  return base::with_context(fmt::format("the archive '{}'", base::printable(path.native())),
                            [&] { return read_verified(path, policy); });
}

}  // namespace bakehouse::artifact
