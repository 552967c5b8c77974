#include "artifact/write.hh"

#include "artifact/tar.hh"
#include "base/error.hh"
#include "base/files.hh"

#include <fmt/format.h>

#include <unistd.h>

namespace bakehouse::artifact {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using base::Fd;

void append_file(const Fd& from, const Fd& to, const fs::path& shown) {
  loff_t offset = 0;
  for (;;) {
    const ssize_t count = ::copy_file_range(from.get(), &offset, to.get(), nullptr, 1 << 30, 0);
    if (count < 0) base::fail_os("write", shown.native());
    if (count == 0) return;
  }
}

void describe(ReleaseInfo& info, const Body& body, const std::string& index) {
  info.manifest = body.manifest;
  info.parts = body.parts;
  info.entries = body.entries;
  info.bytes = body.bytes;
  info.index = {index.size(), crypto::sha256(index)};
  info.tar_size = body.tar_size;
  info.zstd_version = zstd_version();
  info.zstd_level = body.level;
  info.chunker = name_of(body.rule);
}

std::string seek_table(const Body& body, const std::string& head, const std::string& head_frame,
                       const std::string& index) {
  std::vector<Frame> all{
      {static_cast<uint32_t>(head_frame.size()), static_cast<uint32_t>(head.size()), {}, {}},
      {static_cast<uint32_t>(skippable_header_size + index.size()), 0, {}, {}}};
  all.insert(all.end(), body.frames.begin(), body.frames.end());
  return format_seek_table(all);
}

}  // namespace

ReleaseInfo write_archive(const Body& body, ReleaseInfo info, const Sign& sign, const fs::path& archive) {
  const std::string index = format_index(body.frames);
  describe(info, body, index);
  const std::string json = encode(info);
  decode_release(json);  // nothing is signed that no reader accepts
  const std::string head =
      tar_head(json, sign(json, trusted_comment(info, crypto::sha256(json))), info.created);
  if (head.size() > largest_head) throw Error(Fault::input, "release.json is larger than a reader accepts");
  const std::string head_frame = stored_frame(head);

  base::AtomicFile file(archive, 0644);
  file.write(head_frame);
  file.write(skippable(index_magic, index));
  file.write(body.front);
  append_file(body.spool, file.fd(), archive);
  file.write(seek_table(body, head, head_frame, index));
  file.commit();
  return info;
}

}  // namespace bakehouse::artifact
