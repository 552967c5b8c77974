#include "artifact/find_equal.hh"
#include "artifact/front_writer.hh"
#include "artifact/rules.hh"
#include "artifact/turns.hh"
#include "artifact/write.hh"
#include "base/beneath.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/in_order.hh"
#include "base/last_dir.hh"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>

#include <fcntl.h>
#include <unistd.h>

namespace bakehouse::artifact {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::Fault;
using base::Fd;
using base::FileStat;
using base::TreePath;

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

class TreeWriter {
 public:
  TreeWriter(const BodyRequest& request, const TarLayout& layout, std::vector<uint64_t> ends)
      : request_(request), layout_(layout), ends_(std::move(ends)) {}

  std::vector<Frame> run(const Fd& spool) {
    std::vector<Frame> frames;
    frames.reserve(ends_.size());
    base::InOrder<CompressedFrame> order(
        ends_.size(), [&](size_t i) { return make(i); },
        [&](size_t i, const CompressedFrame& made) {
          base::write_all(spool, made.bytes, "the spool");
          frames.push_back(made.frame);
          if (request_.progress) request_.progress(ends_[i], layout_.size());
        },
        request_.workers);
    order.run();
    return frames;
  }

 private:
  CompressedFrame make(size_t i) {
    const uint64_t begin = i == 0 ? 0 : ends_[i - 1];
    const auto size = static_cast<size_t>(ends_[i] - begin);
    // Kept by the thread: so much memory is not given back and asked for again with every frame.
    thread_local std::string content;
    if (content.size() < size) content.resize(size);
    try {
      base::LastDir dir(request_.tree);
      layout_.each_piece(begin, std::span(content).first(size),
                         [&](const Piece& piece) { fill(i, piece, dir); });
    } catch (...) {
      turns_.give_up(i);
      throw;
    }
    return make_frame(std::string_view(content).substr(0, size), request_.level);
  }

  void fill(size_t frame, const Piece& piece, base::LastDir& dir) {
    switch (piece.kind) {
      case Piece::Kind::header:
        std::copy(piece.expected.begin(), piece.expected.end(), piece.bytes.begin());
        require_empty(piece.member, dir);
        break;
      case Piece::Kind::content: fill_content(frame, piece, dir); break;
      case Piece::Kind::padding:
      case Piece::Kind::end: std::fill(piece.bytes.begin(), piece.bytes.end(), '\0'); break;
    }
  }

  // Nothing of an empty file is read, which would tell that it is another now.
  void require_empty(size_t member, base::LastDir& dir) const {
    const tree::EntryList& entries = layout_.manifest().entries;
    if (entries.type(member) != base::FileType::regular || entries.size_of_file(member) > 0) return;
    const TreePath path = TreePath::parse(entries.path(member));
    const auto there = dir.holding(path).stat(TreePath::parse(path.name()));
    if (!there || there->type != base::FileType::regular || there->size > 0)
      fail_changed((request_.tree.path() / path.str()).native());
  }

  void fill_content(size_t frame, const Piece& piece, base::LastDir& dir) {
    const tree::Entry entry = layout_.manifest().entries[piece.member];
    const std::string shown = (request_.tree.path() / entry.path.str()).native();
    const Fd file = open(dir.holding(entry.path), TreePath::parse(entry.path.name()), shown);
    const FileStat before = base::stat_of(file, shown);
    if (before.type != base::FileType::regular || before.size != entry.size) fail_changed(shown);
    base::read_exactly_at(file, piece.bytes, piece.offset, shown);
    require_unchanged(file, before, piece, shown);
    const std::string_view bytes(piece.bytes.data(), piece.bytes.size());
    if (bytes.size() == entry.size) {
      if (request_.inspect.look) request_.inspect.look(entry, bytes);
      learn(piece.member, entry, crypto::sha256(bytes), shown);
      return;
    }
    const auto digest = turns_.take({frame, piece.member, piece.offset, entry.size, bytes},
                                    [&](std::string& tail) { look(entry, bytes, tail); });
    if (digest) learn(piece.member, entry, *digest, shown);
  }

  // Whatever it is: one look at it, and not two, tells that it is a file and which.
  static Fd open(const base::Dir& dir, const TreePath& name, const std::string& shown) {
    Fd file(
        base::open_beneath(dir.fd().get(), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
    if (!file) base::fail_os("open", shown);
    return file;
  }

  void look(const tree::Entry& entry, std::string_view bytes, std::string& tail) const {
    if (!request_.inspect.look) return;
    tail += bytes;
    request_.inspect.look(entry, tail);
    tail.erase(0, tail.size() - std::min(tail.size(), request_.inspect.overlap));
  }

  void learn(size_t member, const tree::Entry& entry, const crypto::Digest& digest,
             const std::string& shown) {
    if (entry.digest == crypto::Digest()) {
      request_.manifest.entries.set_digest(member, digest);
    } else if (entry.digest != digest) {
      fail_changed(shown);
    }
  }

  // While this piece was read, and since the one before was.
  void require_unchanged(const Fd& file, const FileStat& before, const Piece& piece,
                         const std::string& shown) {
    const auto same = [](const FileStat& a, const FileStat& b) {
      return a.device == b.device && a.inode == b.inode && a.size == b.size && a.mtime == b.mtime &&
             a.ctime == b.ctime;
    };
    if (!same(before, base::stat_of(file, shown))) fail_changed(shown);
    if (piece.bytes.size() == before.size) return;
    const std::lock_guard lock(mutex_);
    if (!same(before, large_.try_emplace(piece.member, before).first->second)) fail_changed(shown);
  }

  [[noreturn]] static void fail_changed(const std::string& shown) {
    throw Error(Fault::input,
                fmt::format("'{}' changed while the release was packed", base::printable(shown)),
                "stop what writes to it and bake again");
  }

  const BodyRequest& request_;
  const TarLayout& layout_;
  const std::vector<uint64_t> ends_;
  Turns turns_;
  std::mutex mutex_;
  std::map<size_t, FileStat> large_;  // files in several pieces, as the first one found them
};

// No frame holds anything of them.
void learn_empty_files(tree::Manifest& manifest) {
  const crypto::Digest of_nothing = crypto::sha256("");
  for (size_t i = 0; i < manifest.entries.size(); ++i) {
    if (manifest.entries.type(i) == base::FileType::regular && manifest.entries.size_of_file(i) == 0)
      manifest.entries.set_digest(i, of_nothing);
  }
}

// They were found by a hash that proves nothing, and may have changed since.
void require_same_twins(const tree::Manifest& manifest, const std::vector<uint32_t>& twins) {
  const auto now = find_twins(manifest);
  const auto [found, was] = std::mismatch(now.begin(), now.end(), twins.begin());
  if (found == now.end()) return;
  const auto place = static_cast<size_t>(found - now.begin());
  throw Error(
      Fault::input,
      fmt::format("'{}' changed while the release was packed", base::printable(manifest.entries.path(place))),
      "stop what writes to the tree and bake again");
}

}  // namespace

Body pack_body(const BodyRequest& request, const fs::path& directory) {
  tree::Manifest& manifest = request.manifest;
  require_allowed(manifest);
  require_release_fields(manifest);
  Body body;
  body.level = request.level;
  body.rule = request.rule;
  body.entries = manifest.entries.size();
  body.bytes = manifest.bytes();
  body.spool = open_spool(directory);

  learn_empty_files(manifest);
  const auto twins = find_equal(request.tree, manifest, request.workers);
  const TarLayout layout(manifest, twins, request.created);
  const auto frames = TreeWriter(request, layout, cut(layout, request.rule)).run(body.spool);
  require_same_twins(manifest, twins);
  // Only now all digests are known; manifest and parts stand in front all the same.
  FrontWriter front(body, request.created, request.workers);
  front.write_manifest(manifest);
  for (const auto& [name, content] : request.parts) front.write_part(name, content);
  body.frames.insert(body.frames.end(), frames.begin(), frames.end());
  body.tar_size += layout.size();
  return body;
}

}  // namespace bakehouse::artifact
