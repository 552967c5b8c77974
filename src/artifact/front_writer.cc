#include "artifact/front_writer.hh"

#include "artifact/tar.hh"
#include "base/in_order.hh"

namespace bakehouse::artifact {

void FrontWriter::write_manifest(const tree::Manifest& manifest) {
  // A long manifest is made twice rather than held in memory.
  crypto::Sha256 sha;
  uint64_t size = 0;
  tree::write_manifest(manifest, [&](std::string_view text) {
    sha.update(text);
    size += text.size();
  });
  body_.manifest = {size, sha.finish()};
  begin("manifest", size);
  tree::write_manifest(manifest, [&](std::string_view text) { append(text); });
  end(size);
}

void FrontWriter::write_part(const std::string& name, const std::string& content) {
  body_.parts[name] = {content.size(), crypto::sha256(content)};
  begin(name, content.size());
  append(content);
  end(content.size());
}

void FrontWriter::begin(const std::string& name, uint64_t size) {
  append(tar_part(name, size, time_).header);
}

void FrontWriter::append(std::string_view bytes) {
  constexpr size_t most = 1 << 20;
  while (!bytes.empty()) {
    const auto piece = bytes.substr(0, most - pending_.size());
    pending_ += piece;
    bytes.remove_prefix(piece.size());
    if (pending_.size() == most) cut();
  }
}

void FrontWriter::end(uint64_t size) {
  append(std::string(tar_padding(size), '\0'));
  cut();
  compress();
}

void FrontWriter::cut() {
  // A long manifest is not held in memory.
  constexpr size_t enough = 16;
  if (!pending_.empty()) whole_.push_back(std::move(pending_));
  pending_.clear();
  if (whole_.size() == enough) compress();
}

void FrontWriter::compress() {
  base::InOrder<CompressedFrame> order(
      whole_.size(), [&](size_t i) { return make_frame(whole_[i], body_.level); },
      [&](size_t, const CompressedFrame& made) {
        body_.front += made.bytes;
        body_.frames.push_back(made.frame);
        body_.tar_size += made.frame.size;
      },
      workers_);
  order.run();
  whole_.clear();
}

}  // namespace bakehouse::artifact
