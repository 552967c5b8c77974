#include "artifact/write.hh"

#include "artifact/frames.hh"
#include "artifact/rules.hh"
#include "artifact/tar.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/files.hh"

#include <fmt/format.h>

#include <cstdlib>

#include <fcntl.h>
#include <unistd.h>

namespace bakehouse::artifact {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using base::Fd;

// Frames end between two members once they hold a MiB, so that releases which share files share
// frames, and at the latest after 4 MiB, so that a large file is worked on in pieces.
constexpr size_t frame_wanted = 1 << 20;
constexpr size_t frame_most = 4 << 20;
constexpr std::string_view chunker_name = "member-1M-4M";

// Has no name, so that nothing is left of it whatever happens. Not every file system can do that.
Fd open_spool(const fs::path& directory) {
  Fd spool(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (spool) return spool;
  std::string name = (directory / ".spool-XXXXXX").native();
  spool = Fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!spool) base::fail_os("make a temporary file in", directory.native());
  ::unlink(name.c_str());
  return spool;
}

// Cuts a stream of bytes into frames and writes them, compressed, to the spool.
class FrameWriter {
 public:
  FrameWriter(const Fd& spool, int level) : spool_(spool), level_(level) {}

  void append(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, frame_most - pending_.size());
      pending_ += piece;
      bytes.remove_prefix(piece.size());
      if (pending_.size() == frame_most) cut();
    }
  }
  void end_member() {
    if (pending_.size() >= frame_wanted) cut();
  }
  void cut() {
    if (pending_.empty()) return;
    const std::string compressed = compress_frame(pending_, level_);
    frames_.push_back({static_cast<uint32_t>(compressed.size()), static_cast<uint32_t>(pending_.size()),
                       crypto::sha256(compressed), crypto::sha256(pending_)});
    base::write_all(spool_, compressed, "the spool");
    total_ += pending_.size();
    pending_.clear();
  }

  const std::vector<Frame>& frames() const { return frames_; }
  uint64_t total() const { return total_; }

 private:
  const Fd& spool_;
  int level_;
  std::string pending_;
  std::vector<Frame> frames_;
  uint64_t total_ = 0;
};

void write_part(FrameWriter& out, const std::string& name, const std::string& content, base::Seconds time) {
  out.append(tar_part(name, content.size(), time).header);
  out.append(content);
  out.append(std::string(tar_padding(content.size()), '\0'));
}

void write_content(FrameWriter& out, const base::Dir& tree, const tree::Entry& entry) {
  const std::string shown = (tree.path() / entry.path.str()).native();
  const Fd file = tree.open_file(entry.path);
  crypto::Sha256 sha;
  std::string buffer(256 * 1024, '\0');
  uint64_t size = 0;
  while (const size_t count = base::read_some(file, buffer, shown)) {
    size += count;
    if (size > entry.size) break;
    sha.update({buffer.data(), count});
    out.append({buffer.data(), count});
  }
  if (size != entry.size || sha.finish() != entry.digest) {
    throw Error(Fault::input,
                fmt::format("'{}' changed while the release was packed", base::printable(shown)),
                "stop what writes to it and bake again");
  }
  out.append(std::string(tar_padding(entry.size), '\0'));
}

void write_tree(FrameWriter& out, const PackRequest& request) {
  const auto twins = find_twins(request.manifest);
  for (size_t i = 0; i < request.manifest.entries.size(); ++i) {
    const tree::Entry entry = request.manifest.entries[i];
    const TarMember member = tar_entry(entry, twin_of(request.manifest, twins, i), request.info.created);
    out.append(member.header);
    if (member.content > 0) write_content(out, request.tree, entry);
    out.end_member();
  }
  out.append(std::string(tar_end_size, '\0'));
  out.cut();
}

Part describe_part(const std::string& content) { return {content.size(), crypto::sha256(content)}; }

void append_file(const Fd& from, const Fd& to, const fs::path& shown) {
  loff_t offset = 0;
  for (;;) {
    const ssize_t count = ::copy_file_range(from.get(), &offset, to.get(), nullptr, 1 << 30, 0);
    if (count < 0) base::fail_os("write", shown.native());
    if (count == 0) return;
  }
}

}  // namespace

ReleaseInfo pack(const PackRequest& request, const fs::path& archive) {
  require_allowed(request.manifest);
  require_release_fields(request.manifest);
  ReleaseInfo info = request.info;
  const Fd spool = open_spool(archive.has_parent_path() ? archive.parent_path() : ".");
  FrameWriter out(spool, request.level);

  const std::string manifest = format_manifest(request.manifest);
  write_part(out, "manifest", manifest, info.created);
  out.cut();
  for (const auto& [name, content] : request.parts) {
    write_part(out, name, content, info.created);
    info.parts[name] = describe_part(content);
    out.cut();
  }
  write_tree(out, request);
  // The body is complete in the spool; what follows describes it and goes in front.

  const std::string index = format_index(out.frames());
  info.manifest = describe_part(manifest);
  info.entries = request.manifest.entries.size();
  info.bytes = request.manifest.bytes();
  info.index = describe_part(index);
  info.tar_size = out.total();
  info.zstd_version = zstd_version();
  info.zstd_level = request.level;
  info.chunker = chunker_name;
  const std::string json = encode(info);
  decode_release(json);  // nothing is signed that no reader accepts
  const std::string head =
      tar_head(json, request.sign(json, trusted_comment(info, crypto::sha256(json))), info.created);
  const std::string head_frame = stored_frame(head);
  if (head.size() > largest_head) throw Error(Fault::input, "release.json is larger than a reader accepts");

  std::vector<Frame> all{
      {static_cast<uint32_t>(head_frame.size()), static_cast<uint32_t>(head.size()), {}, {}},
      {static_cast<uint32_t>(skippable_header_size + index.size()), 0, {}, {}}};
  all.insert(all.end(), out.frames().begin(), out.frames().end());
  base::AtomicFile file(archive, 0644);
  file.write(head_frame);
  file.write(skippable(index_magic, index));
  append_file(spool, file.fd(), archive);
  file.write(format_seek_table(all));
  file.commit();
  return info;
}

}  // namespace bakehouse::artifact
