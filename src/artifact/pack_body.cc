#include "artifact/find_equal.hh"
#include "artifact/rules.hh"
#include "artifact/turns.hh"
#include "artifact/write.hh"
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

struct Compressed {
  std::string bytes;
  Frame frame;
};

Compressed compress(std::string_view content, int level) {
  Compressed made{compress_frame(content, level), {}};
  made.frame = {static_cast<uint32_t>(made.bytes.size()), static_cast<uint32_t>(content.size()),
                crypto::sha256(made.bytes), tree::hash128(content)};
  return made;
}

// Manifest and parts, a few frames of their own in front of the tree.
class FrontWriter {
 public:
  FrontWriter(Body& body, base::Seconds time) : body_(body), time_(time) {}

  void write_manifest(const tree::Manifest& manifest) {
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

  void write_part(const std::string& name, const std::string& content) {
    body_.parts[name] = {content.size(), crypto::sha256(content)};
    begin(name, content.size());
    append(content);
    end(content.size());
  }

 private:
  void begin(const std::string& name, uint64_t size) { append(tar_part(name, size, time_).header); }

  void append(std::string_view bytes) {
    constexpr size_t most = 4 << 20;
    while (!bytes.empty()) {
      const auto piece = bytes.substr(0, most - pending_.size());
      pending_ += piece;
      bytes.remove_prefix(piece.size());
      if (pending_.size() == most) cut();
    }
  }

  void end(uint64_t size) {
    append(std::string(tar_padding(size), '\0'));
    cut();
  }

  void cut() {
    if (pending_.empty()) return;
    Compressed made = compress(pending_, body_.level);
    body_.front += made.bytes;
    body_.frames.push_back(made.frame);
    body_.tar_size += pending_.size();
    pending_.clear();
  }

  Body& body_;
  base::Seconds time_;
  std::string pending_;
};

class TreeWriter {
 public:
  TreeWriter(const BodyRequest& request, const TarLayout& layout, std::vector<uint64_t> ends)
      : request_(request), layout_(layout), ends_(std::move(ends)) {}

  std::vector<Frame> run(const Fd& spool) {
    std::vector<Frame> frames;
    frames.reserve(ends_.size());
    base::InOrder<Compressed> order(
        ends_.size(), [&](size_t i) { return make(i); },
        [&](size_t i, const Compressed& made) {
          base::write_all(spool, made.bytes, "the spool");
          frames.push_back(made.frame);
          if (request_.progress) request_.progress(ends_[i], layout_.size());
        },
        request_.workers);
    order.run();
    return frames;
  }

 private:
  Compressed make(size_t i) {
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
    return compress(std::string_view(content).substr(0, size), request_.level);
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
    const Fd file = dir.holding(entry.path).open_file(TreePath::parse(entry.path.name()));
    const FileStat before = base::stat_of(file, shown);
    if (before.size != entry.size) fail_changed(shown);
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
  if (find_twins(manifest) != twins) {
    throw Error(Fault::input, "files changed while the release was packed",
                "stop what writes to the tree and bake again");
  }
  // Only now all digests are known; manifest and parts stand in front all the same.
  FrontWriter front(body, request.created);
  front.write_manifest(manifest);
  for (const auto& [name, content] : request.parts) front.write_part(name, content);
  body.frames.insert(body.frames.end(), frames.begin(), frames.end());
  body.tar_size += layout.size();
  return body;
}

}  // namespace bakehouse::artifact
