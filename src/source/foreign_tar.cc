#include "source/foreign_tar.hh"

#include "base/c_owned.hh"
#include "base/encoding.hh"
#include "base/error.hh"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <cerrno>
#include <exception>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace bakehouse::source {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::FileType;
using base::printable;
using base::TreePath;

constexpr size_t piece = 64 << 10;
constexpr size_t longest_shown = 200;

using Reader = base::COwned<::archive, archive_read_free>;

// Hands the file to the library in order, and remembers what was handed out.
class Feed {
 public:
  Feed(const base::Fd& file, std::string_view name, uint64_t most)
      : file_(file), name_(name), most_(most), buffer_(piece) {}

  // Called by C code: nothing may be thrown through it.
  static la_ssize_t read(::archive* archive, void* context, const void** bytes) noexcept {
    auto& feed = *static_cast<Feed*>(context);
    try {
      feed.refuse_bomb(archive);
      *bytes = feed.buffer_.data();
      return static_cast<la_ssize_t>(feed.next());
    } catch (...) {
      feed.failure_ = std::current_exception();
      archive_set_error(archive, EIO, "stopped");
      return ARCHIVE_FATAL;
    }
  }

  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }
  crypto::Digest finish() {
    while (next() != 0) continue;
    return hash_.finish();
  }

 private:
  size_t next() {
    const size_t count = base::read_some_at(file_, buffer_, offset_, name_);
    offset_ += count;
    hash_.update({buffer_.data(), count});
    return count;
  }

  // Headers count as well: a stream of nothing else would never come to an entry.
  void refuse_bomb(::archive* archive) const {
    const auto unpacked = archive_filter_bytes(archive, 0);
    if (unpacked > 0 && static_cast<uint64_t>(unpacked) > most_)
      throw Error(Fault::input, fmt::format("it unpacks to more than {} bytes", most_));
  }

  const base::Fd& file_;
  std::string_view name_;
  uint64_t most_;
  uint64_t offset_ = 0;
  std::vector<char> buffer_;
  crypto::Sha256 hash_;
  std::exception_ptr failure_;
};

// A header takes 512 bytes, one with long names some more, and content is padded.
uint64_t most_of_stream(const Limits& limits) { return limits.bytes + limits.entries * (uint64_t{4} << 10); }

class TarReader {
 public:
  TarReader(Feed& feed) : feed_(feed), reader_(archive_read_new()) {
    if (!reader_) throw Error(Fault::internal, "cannot set up libarchive");
    // A warning tells that the library would start a program for it.
    for (const int outcome :
         {archive_read_support_format_tar(reader_.get()), archive_read_support_filter_gzip(reader_.get()),
          archive_read_support_filter_zstd(reader_.get()), archive_read_support_filter_xz(reader_.get())}) {
      if (outcome != ARCHIVE_OK)
        throw Error(Fault::internal, "this libarchive does not read tar in gzip, zstd and xz");
    }
    check(archive_read_open(reader_.get(), &feed_, nullptr, &Feed::read, nullptr));
  }

  // Valid until the next call; nullptr at the end.
  archive_entry* next() {
    archive_entry* entry = nullptr;
    const int outcome = archive_read_next_header(reader_.get(), &entry);
    if (outcome == ARCHIVE_EOF) return nullptr;
    check(outcome == ARCHIVE_RETRY ? ARCHIVE_FATAL : outcome);
    constexpr int one_and_the_file = 2;
    if (archive_filter_count(reader_.get()) > one_and_the_file)
      throw Error(Fault::input, "it is compressed more than once");
    return entry;
  }

  // Of the entry that came last; 0 at its end.
  size_t read(std::vector<char>& buffer) {
    const la_ssize_t count = archive_read_data(reader_.get(), buffer.data(), buffer.size());
    if (count < 0) check(ARCHIVE_FATAL);
    return static_cast<size_t>(count);
  }

 private:
  // A warning is about what is not used here: names in the character set of the locale.
  void check(int outcome) const {
    if (outcome == ARCHIVE_OK || outcome == ARCHIVE_WARN) return;
    feed_.rethrow();
    const char* reason = archive_error_string(reader_.get());
    throw Error(Fault::input, fmt::format("it is no tar archive that can be read: {}",
                                          printable(reason != nullptr ? reason : "no reason given")));
  }

  Feed& feed_;
  Reader reader_;
};

// As bytes, which the library keeps in one of two forms.
std::string first_of(const char* as_utf8, const char* as_bytes) {
  if (as_utf8 != nullptr) return as_utf8;
  if (as_bytes != nullptr) return as_bytes;
  throw Error(Fault::input, "an entry has a name that cannot be read");
}

class Unpacking {
 public:
  Unpacking(const Dir& to, Budget& budget, TarNames names)
      : to_(to), budget_(budget), names_(names), buffer_(piece) {}

  void take(TarReader& reader, archive_entry* entry) {
    const std::string name = first_of(archive_entry_pathname_utf8(entry), archive_entry_pathname(entry));
    base::with_context(fmt::format("'{}'", printable(name.substr(0, longest_shown))), [&] {
      const TreePath path = path_of(name);
      refuse_mode(archive_entry_perm(entry));
      budget_.take_entry(path);
      if (path.is_top()) return refuse_top(entry);
      if (!listed_.insert(path.str()).second) throw Error(Fault::input, "the name stands twice");
      to_.make_dirs(path.parent(), 0755);
      make(reader, entry, path);
    });
  }

 private:
  // "./a/b/" is a/b, and "./" the top.
  TreePath path_of(std::string_view name) const {
    if (names_ == TarNames::rooted && name.starts_with('/')) name.remove_prefix(1);
    while (name.starts_with("./")) name.remove_prefix(2);
    if (name.ends_with('/') && name.size() > 1) name.remove_suffix(1);
    return name.empty() || name == "." ? TreePath() : TreePath::parse(name);
  }

  static void refuse_mode(mode_t mode) {
    constexpr mode_t set_id_bits = 06000;
    if ((mode & set_id_bits) != 0)
      throw Error(Fault::input, "set-user-id and set-group-id bits are not allowed");
  }
  static void refuse_top(archive_entry* entry) {
    if (archive_entry_filetype(entry) != AE_IFDIR || archive_entry_hardlink(entry) != nullptr)
      throw Error(Fault::input, "only a directory can stand at the top");
  }

  void make(TarReader& reader, archive_entry* entry, const TreePath& path) {
    if (archive_entry_hardlink_utf8(entry) != nullptr || archive_entry_hardlink(entry) != nullptr) {
      make_hard_link(first_of(archive_entry_hardlink_utf8(entry), archive_entry_hardlink(entry)), path);
      return;
    }
    switch (archive_entry_filetype(entry)) {
      case AE_IFREG: write_file(reader, archive_entry_perm(entry), path); break;
      case AE_IFDIR: to_.make_dirs(path, 0755); break;
      case AE_IFLNK:
        make_symlink(first_of(archive_entry_symlink_utf8(entry), archive_entry_symlink(entry)), path);
        break;
      default: throw Error(Fault::input, "it is no file, directory or link");
    }
  }

  void make_symlink(const std::string& target, const TreePath& path) const {
    check_link_target(target);
    to_.make_symlink(target, path);
  }

  void make_hard_link(const std::string& target, const TreePath& path) const {
    const TreePath first = path_of(target);
    const auto there = to_.stat(first);
    if (!there || there->type != FileType::regular) {
      throw Error(Fault::input,
                  fmt::format("it is another name of '{}', which is no file before it", printable(target)));
    }
    to_.make_hard_link(first, path);
  }

  void write_file(TarReader& reader, mode_t mode, const TreePath& path) {
    constexpr mode_t executable_bits = 0111;
    base::Fd file = to_.create_file(path, (mode & executable_bits) != 0 ? 0755 : 0644);
    while (const size_t count = reader.read(buffer_)) {
      budget_.take_bytes(count);
      base::write_all(file, {buffer_.data(), count}, path.str());
    }
    file.close(path.str());
  }

  const Dir& to_;
  Budget& budget_;
  const TarNames names_;
  std::set<std::string, std::less<>> listed_;
  std::vector<char> buffer_;
};

}  // namespace

crypto::Digest unpack_tar(const base::Fd& file, std::string_view name, const Dir& to, Budget& budget,
                          TarNames names) {
  return base::with_context(fmt::format("'{}'", printable(name)), [&] {
    Feed feed(file, name, most_of_stream(budget.left()));
    TarReader reader(feed);
    Unpacking unpacking(to, budget, names);
    while (archive_entry* entry = reader.next()) unpacking.take(reader, entry);
    refuse_outward_links(to);
    return feed.finish();
  });
}

}  // namespace bakehouse::source
