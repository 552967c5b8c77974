#include "artifact/read.hh"

#include "artifact/claim.hh"
#include "artifact/frames.hh"
#include "artifact/tar.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "crypto/signature_files.hh"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

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
  const uint64_t size = base::stat_of(file, path.native()).size;
  std::string start(std::min(size, 2 * largest_head), '\0');
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

Fd open_regular(const fs::path& path) {
  // A FIFO must not be waited for; of a regular file the flag means nothing.
  Fd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) base::fail_os("open", path.native());
  if (base::stat_of(file, path.native()).type != base::FileType::regular) {
    throw Error(Fault::input, "it is no regular file");
  }
  return file;
}

// Whether it counts is another question: it may be one of several.
crypto::Signature parse_embedded(const Head& head) {
  crypto::Signature embedded = crypto::parse_signature(head.signature, "release.json.minisig");
  if (crypto::format_signature(embedded, untrusted_comment) != head.signature) {
    throw Error(Fault::trust, "its signature is not written as it must be");
  }
  return embedded;
}

std::string other_release(const crypto::Signature& signature) {
  return fmt::format("the trusted comment of the signature by {} speaks of another release",
                     signature.key.text());
}

// From here on release.json is parsed.
ReleaseInfo decode_head(const Head& head, const crypto::Signature& embedded) {
  ReleaseInfo info = decode_release(head.json);
  if (embedded.trusted_comment != trusted_comment(info, crypto::sha256(head.json))) {
    throw Error(Fault::trust, other_release(embedded));
  }
  require_canonical_head(head, info.created);
  return info;
}

crypto::Tally count_all(const Head& head, const crypto::Signature& embedded, const fs::path& beside,
                        const crypto::TrustPolicy& policy) {
  std::set<crypto::KeyId> keys;
  for (const auto& trusted : policy.keys) keys.insert(trusted.key.id);
  crypto::FoundSignatures found = crypto::read_signatures(beside, keys);
  found.signatures.insert(found.signatures.begin(), embedded);
  crypto::Tally tally = crypto::count_signatures(policy, head.json, found.signatures);
  tally.reasons.insert(tally.reasons.end(), found.reasons.begin(), found.reasons.end());
  return tally;
}

void require_enough(const crypto::TrustPolicy& policy, crypto::Tally tally, const fs::path& beside) {
  if (crypto::has_enough(policy, tally)) return;
  crypto::explain_others(policy, crypto::list_signatures(beside), tally);
  try {
    crypto::require_enough(policy, tally);
  } catch (const Error& error) {
    if (tally.counted.empty() || tally.has_unknown) throw;
    throw error.with_hint(
        "the holder of another trusted key adds a signature: `bake sign ARCHIVE --key FILE`");
  }
}

// Of those beside the archive: a key may have signed the same bytes and meant something else.
void discount_other_comments(crypto::Tally& tally, const std::string& comment) {
  std::erase_if(tally.counted, [&](const crypto::Signature& signature) {
    if (signature.trusted_comment == comment) return false;
    tally.reasons.push_back(other_release(signature));
    return true;
  });
}

void take_signers(Archive& archive, const crypto::Tally& tally, const crypto::Signature& embedded) {
  for (const auto& signature : tally.counted) {
    archive.signers.push_back(signature.key);
    if (signature != embedded) archive.beside.push_back(signature);
  }
}

Archive read_verified(const fs::path& path, const crypto::TrustPolicy& policy) {
  Archive archive;
  archive.path = path;
  archive.file = open_regular(path);
  Head head = read_head(archive.file, path);
  const crypto::Signature embedded = parse_embedded(head);
  const fs::path beside = crypto::signatures_of(path);
  crypto::Tally tally = count_all(head, embedded, beside, policy);
  require_enough(policy, tally, beside);
  // Trusted keys have signed these very bytes; from here on they may be parsed.
  archive.info = decode_head(head, embedded);
  discount_other_comments(tally, embedded.trusted_comment);
  require_enough(policy, tally, beside);
  take_signers(archive, tally, embedded);
  archive.body_offset = head.compressed_size;
  archive.release_json = std::move(head.json);
  archive.signature_file = std::move(head.signature);
  return archive;
}

Claim read_unverified(const fs::path& path) {
  Head head = read_head(open_regular(path), path);
  Claim claim;
  claim.embedded = parse_embedded(head);
  claim.info = decode_head(head, claim.embedded);
  claim.release_json = std::move(head.json);
  return claim;
}

std::string naming(const fs::path& path) {
  return fmt::format("the archive '{}'", base::printable(path.native()));
}

}  // namespace

Archive open_archive(const fs::path& path, const crypto::TrustPolicy& policy) {
  return base::with_context(naming(path), [&] { return read_verified(path, policy); });
}

Claim read_claim(const fs::path& path) {
  return base::with_context(naming(path), [&] { return read_unverified(path); });
}

}  // namespace bakehouse::artifact
