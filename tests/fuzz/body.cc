// A whole archive that a trusted key signed: the input is its manifest and, behind a NUL, the rest of the tar
// stream. What is accepted is, byte for byte, what the manifest says, and so is what it unpacks to.
#include "artifact/read.hh"
#include "artifact/rules.hh"
#include "artifact/tar.hh"
#include "base/files.hh"
#include "tree/scan.hh"

#include "fuzz/memory_file.hh"
#include "fuzz/target.hh"
#include "support/archive_draft.hh"
#include "support/tree_literal.hh"

#include <algorithm>

namespace bakehouse::fuzz {
namespace {

std::string take(std::string_view& stream, uint64_t count) {
  require(count <= stream.size(), "an archive that is accepted is whole");
  std::string bytes(stream.substr(0, count));
  stream.remove_prefix(count);
  return bytes;
}

// The one stream that the manifest allows, its content taken from this one.
std::string expected_stream(const tree::Manifest& manifest, std::string_view stream) {
  const auto twins = artifact::find_twins(manifest);
  std::string expected;
  for (size_t i = 0; i < manifest.entries.size(); ++i) {
    const auto member =
        artifact::tar_entry(manifest.entries[i], artifact::twin_of(manifest, twins, i), support::some_time);
    take(stream, member.header.size());
    const std::string content = take(stream, member.content);
    if (member.content > 0)
      require(crypto::sha256(content) == manifest.entries[i].digest, "content is what was signed");
    const uint64_t padding = artifact::tar_padding(member.content);
    take(stream, padding);
    expected += member.header + content + std::string(padding, '\0');
  }
  return expected + std::string(artifact::tar_end_size, '\0');
}

// As an ordinary user one cannot look into every directory that one can make.
bool is_open_to_owner(const tree::Manifest& manifest) {
  constexpr uint32_t owner = 0700;
  return std::all_of(manifest.entries.begin(), manifest.entries.end(), [](const tree::Entry& entry) {
    return entry.type == base::FileType::symlink || (entry.mode & owner) == owner;
  });
}

// Threads cost more than all the rest: only some inputs have several.
unsigned workers_for(std::string_view input) { return input.size() % 8 == 0 ? 3 : 1; }

void require_unpacks(const artifact::Archive& archive, const tree::Manifest& manifest, unsigned workers) {
  if (!is_open_to_owner(manifest)) return;
  const base::TempDir place(support::fast_place());
  const base::Dir to = base::Dir::open_or_make(place.path() / "to");
  require(artifact::unpack(archive, to, {.workers = workers}).manifest == manifest,
          "unpacking reads what checking reads");
  tree::ScanOptions options;
  options.excluded = [](const base::TreePath& path) { return path.str() == ".bakehouse"; };
  const auto found = tree::scan(to, options).manifest;
  require(tree::format_manifest(found) == tree::format_manifest(manifest),
          "what is unpacked is the manifest");
}

support::Draft draft_of(std::string_view input) {
  support::Draft draft;
  draft.manifest = input.substr(0, input.find('\0'));
  draft.members = {std::string(input.substr(std::min(draft.manifest.size() + 1, input.size())))};
  draft.end.clear();
  const auto manifest = accepted([&] { return tree::parse_manifest(draft.manifest, "manifest"); });
  if (manifest) {
    draft.info.entries = manifest->entries.size();
    draft.info.bytes = manifest->bytes();
  }
  return draft;
}

}  // namespace

void test_one(std::string_view input) {
  static const crypto::SecretKey key = crypto::SecretKey::generate();
  const support::Draft draft = draft_of(input);
  // Counts that release.json cannot state are no archive's.
  if (draft.members[0].empty() || draft.info.bytes > uint64_t{1} << 50) return;
  const MemoryFile file(support::seal(draft, key));
  const auto archive = accepted([&] { return artifact::open_archive(file.path(), support::trust(key)); });
  require(archive.has_value(), "its head is honest");
  const unsigned workers = workers_for(input);
  const auto manifest = accepted([&] { return artifact::check(*archive, workers); });
  if (!manifest) return;
  require(tree::format_manifest(*manifest) == draft.manifest, "the manifest is the one that was signed");
  require(artifact::find_forbidden(*manifest).empty(), "a release holds what it may");
  require(expected_stream(*manifest, draft.members[0]) == draft.members[0],
          "the stream is the one that the manifest allows");
  require_unpacks(*archive, *manifest, workers);
}

}  // namespace bakehouse::fuzz
