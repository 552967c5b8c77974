#include "artifact/body.hh"
#include "artifact/tar_layout.hh"
#include "base/encoding.hh"
#include "base/error.hh"

#include <fmt/format.h>

#include <algorithm>

namespace bakehouse::artifact {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::Fd;
using base::FileType;
using base::TreePath;

class Extractor {
 public:
  Extractor(const Archive& archive, const Dir& to)
      : body_(archive),
        front_(read_front(archive, body_)),
        layout_(front_.manifest, find_twins(front_.manifest), archive.info.created),
        to_(to) {}

  uint64_t run(const std::vector<TreePath>& paths) {
    // Each once, though several paths ask for it, and what holds an entry before it.
    std::vector<bool> wanted(layout_.members());
    for (const TreePath& path : paths) choose(path, wanted);
    uint64_t count = 0;
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (!wanted[i]) continue;
      write(i, front_.manifest.entries[i]);
      ++count;
    }
    // Innermost first: who may not write a directory may not look for what it holds either.
    for (auto made = directories_.rbegin(); made != directories_.rend(); ++made)
      to_.set_mode(front_.manifest.entries[*made].path, front_.manifest.entries[*made].mode);
    return count;
  }

 private:
  void choose(const TreePath& path, std::vector<bool>& wanted) const {
    const auto first = front_.manifest.index_of(path.str());
    if (!first) {
      throw Error(Fault::input, fmt::format("it holds no '{}'", base::printable(path.str())),
                  "`release list` shows what it holds");
    }
    // What is below a directory stands behind it, with others whose names begin alike.
    for (size_t i = *first; i < layout_.members(); ++i) {
      const tree::Entry entry = front_.manifest.entries[i];
      if (!entry.path.str().starts_with(path.str())) break;
      if (entry.path.is_within(path)) wanted[i] = true;
    }
  }

  void write(size_t member, const tree::Entry& entry) {
    to_.make_dirs(entry.path.parent(), 0755);
    switch (entry.type) {
      case FileType::directory:
        // Open to us until all it holds is written.
        to_.make_dir(entry.path, entry.mode | 0700);
        directories_.push_back(member);
        break;
      case FileType::symlink: to_.make_symlink(entry.link, entry.path); break;
      default: write_file(member, entry); break;
    }
  }

  void write_file(size_t member, const tree::Entry& entry) {
    Fd file = to_.create_file(entry.path, entry.mode);
    try {
      fill(file, member, entry);
    } catch (const Error&) {
      to_.remove_file(entry.path);  // rather none than a part of it
      throw;
    }
  }

  void fill(Fd& file, size_t member, const tree::Entry& entry) {
    const std::string shown = base::printable(entry.path.str());
    crypto::Sha256 sha;
    each_content(member, [&](std::string_view bytes) {
      sha.update(bytes);
      base::write_all(file, bytes, shown);
    });
    if (sha.finish() != entry.digest)
      throw Error(Fault::input, fmt::format("'{}': its digest differs", shown));
    base::set_mtime(file, entry.time, shown);
    file.close(shown);
  }

  // The content may stand with an equal file's member.
  template <typename Take>
  void each_content(size_t member, Take take) {
    const auto twin = layout_.twin(member);
    const size_t holder = twin ? *front_.manifest.index_of(*twin) : member;
    const uint64_t begin = front_.size + layout_.begin(holder);
    const uint64_t end = front_.size + layout_.end(holder);
    for (size_t i = body_.frame_at(begin); i < body_.frames() && body_.begin(i) < end; ++i) {
      const uint64_t from = std::max(begin, body_.begin(i));
      const uint64_t until = std::min(end, body_.end(i));
      std::string& content = load(i);
      const auto bytes = std::span(content).subspan(from - body_.begin(i), until - from);
      layout_.each_piece(from - front_.size, bytes, [&](const Piece& piece) {
        const std::string_view piece_bytes(piece.bytes.data(), piece.bytes.size());
        if (piece.kind == Piece::Kind::header && piece_bytes != piece.expected)
          throw Error(Fault::input, fmt::format("the header of '{}' is not what the manifest says",
                                                base::printable(front_.manifest.entries.path(holder))));
        if (piece.kind == Piece::Kind::content) take(piece_bytes);
      });
    }
  }

  // Neighbours stand in one frame.
  std::string& load(size_t frame) {
    if (loaded_ != frame) content_ = body_.load(frame);
    loaded_ = frame;
    return content_;
  }

  BodyReader body_;
  Front front_;
  TarLayout layout_;
  const Dir& to_;
  std::vector<size_t> directories_;  // made so far
  std::optional<size_t> loaded_;
  std::string content_;
};

}  // namespace

uint64_t extract(const Archive& archive, const std::vector<TreePath>& paths, const Dir& to) {
  return base::with_context(fmt::format("the archive '{}'", base::printable(archive.path.native())),
                            [&] { return Extractor(archive, to).run(paths); });
}

}  // namespace bakehouse::artifact
