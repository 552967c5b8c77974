// Frame 0 of an archive that a trusted key signed. The input is release.json; behind a NUL follow edits of
// the frame, three bytes each: a place, and what is XORed there. It opens when release.json is one and
// nothing was edited, and never else.
#include "artifact/frames.hh"
#include "artifact/read.hh"
#include "artifact/tar.hh"

#include "fuzz/memory_file.hh"
#include "fuzz/target.hh"
#include "support/archive_draft.hh"

namespace bakehouse::fuzz {
namespace {

constexpr size_t edit_size = 3;

void edit(std::string& bytes, std::string_view edits) {
  for (; edits.size() >= edit_size; edits.remove_prefix(edit_size)) {
    const auto number = [&](size_t i) { return static_cast<unsigned char>(edits[i]); };
    const size_t place = (number(0) << 8 | number(1)) % bytes.size();
    bytes[place] = static_cast<char>(bytes[place] ^ edits[2]);
  }
}

std::string make_head(const crypto::SecretKey& key, const std::string& json,
                      const std::optional<artifact::ReleaseInfo>& info) {
  const artifact::ReleaseInfo& release = info ? *info : support::some_release();
  const std::string comment = artifact::trusted_comment(release, crypto::sha256(json));
  return artifact::tar_head(json, support::sign(key, json, comment), release.created);
}

}  // namespace

void test_one(std::string_view input) {
  static const crypto::SecretKey key = crypto::SecretKey::generate();
  const std::string json(input.substr(0, input.find('\0')));
  const auto info = accepted([&] { return artifact::decode_release(json); });
  const std::string honest = artifact::stored_frame(make_head(key, json, info));
  std::string frame = honest;
  edit(frame, input.substr(std::min(json.size() + 1, input.size())));
  const MemoryFile file(frame);
  const auto archive = accepted([&] { return artifact::open_archive(file.path(), support::trust(key)); });
  require(archive.has_value() == (info && frame == honest),
          "a head is opened as it was signed, and not else");
  if (!archive) return;
  require(archive->release_json == json && archive->body_offset == frame.size(), "what is opened was signed");
}

}  // namespace bakehouse::fuzz
