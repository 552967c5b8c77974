#include "artifact/body.hh"
#include "artifact/sink.hh"
#include "artifact/tar_layout.hh"
#include "artifact/turns.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/in_order.hh"
#include "base/threads.hh"
#include "tree/lend.hh"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace bakehouse::artifact {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::TreePath;

class Unpacker {
 public:
  // Without a sink everything is checked and nothing written.
  Unpacker(const Archive& archive, const BodyReader& body, const Front& front, Sink* sink,
           const UnpackOptions& options)
      : body_(body),
        front_(front),
        sink_(sink),
        options_(options),
        layout_(front.manifest, find_twins(front.manifest), archive.info.created),
        lent_(front.manifest.entries.size()) {}

  void run() {
    if (sink_ != nullptr && options_.lender != nullptr)
      lent_ = tree::link_lent_files(front_.manifest, sink_->dir(), *options_.lender, options_.index,
                                    options_.workers);
    const std::vector<size_t> frames = needed_frames();
    base::InOrder<bool> order(
        frames.size(),
        [&](size_t i) {
          take_frame(i, frames[i]);
          return true;
        },
        [&](size_t i, bool) {
          if (options_.progress) options_.progress(body_.end(frames[i]), body_.size());
        },
        options_.workers);
    order.run();
    if (options_.progress) options_.progress(body_.size(), body_.size());  // what was skipped as well
    require_end();
    skipped_ = frames_of_tree() - frames.size();
    take_others();
  }

  uint64_t linked() const { return static_cast<uint64_t>(std::count(lent_.begin(), lent_.end(), true)); }
  uint64_t skipped() const { return skipped_; }

 private:
  size_t frames_of_tree() const {
    size_t count = 0;
    for (size_t i = 0; i < body_.frames(); ++i) count += body_.end(i) > front_.size ? 1 : 0;
    return count;
  }

  std::vector<size_t> needed_frames() const {
    std::vector<size_t> needed;
    for (size_t i = 0; i < body_.frames(); ++i) {
      if (body_.end(i) > front_.size && is_needed(i)) needed.push_back(i);
    }
    return needed;
  }

  // Where nothing is lent every frame is read, so that everything is checked.
  bool is_needed(size_t frame) const {
    if (options_.lender == nullptr) return true;
    const uint64_t begin = std::max(body_.begin(frame), front_.size) - front_.size;
    const uint64_t end = body_.end(frame) - front_.size;
    for (size_t member = layout_.member_at(begin); member < layout_.members(); ++member) {
      if (layout_.begin(member) >= end) return false;
      if (layout_.content_size(member) > 0 && !lent_[member]) return true;
    }
    return false;
  }

  void take_frame(size_t job, size_t frame) {
    try {
      const uint64_t begin = std::max(body_.begin(frame), front_.size);
      const std::span<char> bytes = body_.load_here(frame).subspan(begin - body_.begin(frame));
      std::optional<base::LastDir> dir;
      if (sink_ != nullptr) dir.emplace(sink_->dir());
      layout_.each_piece(begin - front_.size, bytes, [&](const Piece& piece) { take(job, piece, dir); });
    } catch (...) {
      turns_.give_up(job);
      throw;
    }
  }

  void take(size_t job, const Piece& piece, std::optional<base::LastDir>& dir) {
    const std::string_view bytes(piece.bytes.data(), piece.bytes.size());
    switch (piece.kind) {
      case Piece::Kind::header:
        if (bytes != piece.expected) fail_at("the header", piece.member);
        break;
      case Piece::Kind::content:
        if (!lent_[piece.member]) take_content(job, piece, bytes, dir);
        break;
      case Piece::Kind::padding:
        if (!are_zeros(bytes)) fail_at("the padding", piece.member);
        break;
      case Piece::Kind::end: take_end(piece, bytes); break;
    }
  }

  static void take_end(const Piece& piece, std::string_view bytes) {
    const uint64_t left = tar_end_size - std::min(piece.offset, tar_end_size);
    if (!are_zeros(bytes.substr(0, left)))
      throw Error(Fault::input, "the end of the archive is not what the manifest says");
    if (bytes.size() > left) throw Error(Fault::input, "the archive goes on after its end");
  }

  void take_content(size_t job, const Piece& piece, std::string_view bytes,
                    std::optional<base::LastDir>& dir) {
    const tree::Entry entry = front_.manifest.entries[piece.member];
    if (bytes.size() == entry.size) {
      require_digest(entry, crypto::sha256(bytes));
      if (sink_ != nullptr) sink_->write_whole(entry, bytes, *dir);
      return;
    }
    // Whoever has the last turn knows that all others have written.
    if (sink_ != nullptr) sink_->write_piece(entry, piece.member, piece.offset, bytes);
    const auto digest = turns_.take({job, piece.member, piece.offset, entry.size, bytes});
    if (!digest) return;
    require_digest(entry, *digest);
    if (sink_ != nullptr) sink_->finish_pieces(entry, piece.member);
  }

  // Also where the last frames are not needed.
  void require_end() const {
    const uint64_t end = front_.size + layout_.size();
    if (end > body_.size()) throw Error(Fault::input, "the archive ends before its manifest does");
    if (end < body_.size()) throw Error(Fault::input, "the archive goes on after its end");
  }

  // Files of which no frame holds anything: twins, and empty ones.
  void take_others() {
    const crypto::Digest of_nothing = crypto::sha256("");
    base::Crew crew(options_.workers);
    for (size_t i = 0; i < layout_.members(); ++i) {
      const bool is_file = front_.manifest.entries.type(i) == base::FileType::regular;
      if (lent_[i] || !is_file || layout_.content_size(i) > 0) continue;
      const auto twin = layout_.twin(i);
      // Here and not by the crew, so that it is the first one that is named.
      if (!twin) require_digest(front_.manifest.entries[i], of_nothing);
      if (sink_ != nullptr) crew.add([this, i, twin] { write_other(front_.manifest.entries[i], twin); });
    }
    crew.finish();
  }

  void write_other(const tree::Entry& entry, const std::optional<std::string>& twin) const {
    if (twin) {
      sink_->write_twin(entry, TreePath::parse(*twin));
    } else {
      base::LastDir dir(sink_->dir());
      sink_->write_whole(entry, "", dir);
    }
  }

  [[noreturn]] void fail_at(std::string_view what, size_t member) const {
    throw Error(Fault::input, fmt::format("{} of '{}' is not what the manifest says", what,
                                          shown(front_.manifest.entries[member])));
  }

  const BodyReader& body_;
  const Front& front_;
  Sink* const sink_;
  const UnpackOptions& options_;
  const TarLayout layout_;
  std::vector<bool> lent_;  // by entry
  Turns turns_;
  uint64_t skipped_ = 0;
};

Unpacked read_body(const Archive& archive, const Dir* to, const UnpackOptions& options) {
  const BodyReader body(archive);
  Front front = read_front(archive, body);
  std::optional<Sink> sink;
  if (to != nullptr) sink.emplace(*to, options.index);
  Unpacker unpacker(archive, body, front, sink ? &*sink : nullptr, options);
  body.require_seek_table_last();
  if (sink) sink->begin(archive, front);
  unpacker.run();
  if (to != nullptr) tree::finish_directories(front.manifest, *to);
  return {std::move(front.manifest), unpacker.linked(), body.frames(), unpacker.skipped()};
}

template <typename Work>
auto within(const Archive& archive, Work work) {
  return base::with_context(fmt::format("the archive '{}'", base::printable(archive.path.native())), work);
}

}  // namespace

Unpacked unpack(const Archive& archive, const Dir& to, const UnpackOptions& options) {
  return within(archive, [&] { return read_body(archive, &to, options); });
}

tree::Manifest check(const Archive& archive, unsigned workers) {
  return within(archive, [&] { return read_body(archive, nullptr, {.workers = workers}).manifest; });
}

tree::Manifest list(const Archive& archive) { return read_contents(archive).manifest; }

Contents read_contents(const Archive& archive) {
  return within(archive, [&] {
    Front front = read_front(archive, BodyReader(archive));
    return Contents{std::move(front.manifest), std::move(front.parts)};
  });
}

}  // namespace bakehouse::artifact
