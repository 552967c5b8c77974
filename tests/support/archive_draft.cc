#include "support/archive_draft.hh"

#include "artifact/cut.hh"
#include "artifact/tar.hh"
#include "base/error.hh"

#include <utility>

namespace bakehouse::support {
namespace {

using artifact::Frame;
using base::FileType;

constexpr int level = 9;

tree::Entry entry_of(const std::string& path, const Tree::mapped_type& node) {
  tree::Entry entry;
  entry.path = base::TreePath::parse(path);
  if (const auto* folder = std::get_if<Folder>(&node)) {
    entry.type = FileType::directory;
    entry.mode = folder->mode;
  } else if (const auto* link = std::get_if<Link>(&node)) {
    entry.type = FileType::symlink;
    entry.mode = 0777;
    entry.link = link->target;
  } else {
    const auto& file = std::get<File>(node);
    entry.mode = file.mode;
    entry.size = file.content.size();
    entry.time = file.time;
    entry.digest = crypto::sha256(file.content);
  }
  return entry;
}

std::string padded(std::string content) {
  content.append(artifact::tar_padding(content.size()), '\0');
  return content;
}

std::string part_bytes(const std::string& name, const std::string& content, base::Seconds time) {
  return artifact::tar_part(name, content.size(), time).header + padded(content);
}

artifact::Part part_of(const std::string& content) { return {content.size(), crypto::sha256(content)}; }

template <typename... Piece>
void change(const std::function<void(Piece&...)>& by, Piece&... piece) {
  if (by) by(piece...);
}

std::vector<std::string> frames_of(const Draft& draft) {
  std::vector<std::string> frames{part_bytes("manifest", draft.manifest, draft.info.created)};
  for (const auto& [name, content] : draft.parts)
    frames.push_back(part_bytes(name, content, draft.info.created));
  std::string tree;
  for (const std::string& member : draft.members) tree += member;
  frames.push_back(tree + draft.end);
  return frames;
}

}  // namespace

artifact::ReleaseInfo some_release() {
  artifact::ReleaseInfo info;
  info.name = "shop";
  info.version = "1.0";
  info.sequence = 7;
  info.created = some_time;
  info.source_kind = "directory";
  info.os = "linux";
  info.arch = "x86_64";
  info.buildpacks.emplace_back();
  info.buildpacks.front().id = "bakehouse/static";
  info.buildpacks.front().version = "1.0.0";
  info.buildpacks.front().content = crypto::sha256("static");
  return info;
}

tree::Manifest manifest_of(const Tree& tree) {
  tree::Manifest manifest;
  Tree all = tree;
  for (const auto& [path, node] : tree) {
    for (auto parent = base::TreePath::parse(path).parent(); !parent.is_top(); parent = parent.parent())
      all.try_emplace(parent.str(), Folder{});
  }
  for (const auto& [path, node] : all) manifest.entries.push_back(entry_of(path, node));
  return manifest;
}

crypto::TrustPolicy trust(const crypto::SecretKey& key) {
  crypto::TrustPolicy policy;
  policy.keys.push_back({"shop", key.public_key()});
  policy.where = "the test";
  return policy;
}

std::string sign(const crypto::SecretKey& key, const std::string& json, const std::string& comment) {
  return crypto::format_signature(key.sign(crypto::message_hash(json), comment), artifact::untrusted_comment);
}

std::string member_bytes(const tree::Entry& entry, const std::optional<std::string>& twin,
                         const std::string& content) {
  return artifact::tar_entry(entry, twin, some_time).header + padded(twin ? "" : content);
}

Draft draft_of(const Tree& tree) {
  Draft draft;
  const tree::Manifest manifest = manifest_of(tree);
  const auto twins = artifact::find_twins(manifest);
  draft.manifest = tree::format_manifest(manifest);
  draft.info.entries = manifest.entries.size();
  draft.info.bytes = manifest.bytes();
  for (size_t i = 0; i < manifest.entries.size(); ++i) {
    const tree::Entry entry = manifest.entries[i];
    std::string content;
    if (entry.type == FileType::regular) content = std::get<File>(tree.at(entry.path.str())).content;
    draft.members.push_back(member_bytes(entry, artifact::twin_of(manifest, twins, i), content));
  }
  return draft;
}

std::string seal(const Draft& draft, const crypto::SecretKey& key) {
  std::vector<std::string> frames = frames_of(draft);
  change(draft.change_frames, frames);
  std::vector<std::string> compressed;
  compressed.reserve(frames.size());
  for (const std::string& frame : frames) compressed.push_back(artifact::compress_frame(frame, level));
  change(draft.change_compressed, compressed);

  artifact::ReleaseInfo info = draft.info;
  std::vector<Frame> index;
  for (size_t i = 0; i < frames.size(); ++i) {
    index.push_back({static_cast<uint32_t>(compressed[i].size()), static_cast<uint32_t>(frames[i].size()),
                     crypto::sha256(compressed[i]), tree::hash128(frames[i])});
    info.tar_size += frames[i].size();
  }
  std::vector<Frame> all = index;
  change(draft.change_index, index);
  std::string payload = artifact::format_index(index);
  change(draft.change_index_bytes, payload);

  info.manifest = part_of(draft.manifest);
  for (const auto& [name, content] : draft.parts) info.parts[name] = part_of(content);
  info.index = part_of(payload);
  info.zstd_version = artifact::zstd_version();
  info.zstd_level = level;
  info.chunker = artifact::name_of(artifact::default_rule);
  change(draft.change_info, info);
  std::string json = artifact::encode(info);
  change(draft.change_json, json);
  std::string comment = artifact::trusted_comment(info, crypto::sha256(json));
  change(draft.change_comment, comment);
  std::string head = part_bytes("release.json", json, info.created) +
                     part_bytes("release.json.minisig", sign(key, json, comment), info.created);
  change(draft.change_head, head);
  std::string head_frame = artifact::stored_frame(head);
  change(draft.change_head_frame, head_frame);

  all.insert(all.begin(),
             {{static_cast<uint32_t>(head_frame.size()), static_cast<uint32_t>(head.size()), {}, {}},
              {static_cast<uint32_t>(artifact::skippable_header_size + payload.size()), 0, {}, {}}});
  std::string seek_table = artifact::format_seek_table(all);
  change(draft.change_seek_table, seek_table);
  std::string archive = head_frame + artifact::skippable(artifact::index_magic, payload);
  for (const std::string& frame : compressed) archive += frame;
  return archive + seek_table;
}

}  // namespace bakehouse::support
