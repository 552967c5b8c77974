#include "tree/copy_file.hh"

#include "base/beneath.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "tree/attributes.hh"
#include "tree/read_file.hh"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bakehouse::tree {
namespace {

using base::Dir;
using base::Error;
using base::Fault;
using base::Fd;
using base::FileStat;
using base::FileType;
using base::TreePath;

// A file open for copying, with its name for messages.
struct OpenFile {
  Fd fd;
  std::string shown;
};

// The next stretch of data at or behind `offset`; {size, size} when only a hole is left.
struct Extent {
  uint64_t begin;
  uint64_t end;
};

Extent next_extent(const OpenFile& file, uint64_t offset, uint64_t size) {
  const off_t begin = ::lseek(file.fd.get(), static_cast<off_t>(offset), SEEK_DATA);
  if (begin < 0 && errno == ENXIO) return {size, size};
  if (begin < 0) return {offset, size};  // a file system that does not tell has no holes
  const off_t end = ::lseek(file.fd.get(), begin, SEEK_HOLE);
  if (end < 0) return {static_cast<uint64_t>(begin), size};
  return {static_cast<uint64_t>(begin), std::min(static_cast<uint64_t>(end), size)};
}

bool has_holes(const FileStat& stat) { return stat.allocated < stat.size; }

// Calls `take(begin, end)` for each stretch of data and `skip(begin, end)` for each hole.
template <typename Take, typename Skip>
void each_extent(const OpenFile& from, const FileStat& stat, Take take, Skip skip) {
  for (uint64_t at = 0; at < stat.size;) {
    const Extent data = has_holes(stat) ? next_extent(from, at, stat.size) : Extent{0, stat.size};
    if (data.begin > at) skip(at, data.begin);
    if (data.end > data.begin) take(data.begin, data.end);
    at = std::max(data.end, data.begin);
  }
}

void write_at(const OpenFile& to, std::string_view bytes, uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(to.fd.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) base::fail_os("write", to.shown);
    bytes.remove_prefix(static_cast<size_t>(count));
    offset += static_cast<uint64_t>(count);
  }
}

// The kernel copies by itself. False when it cannot between these two.
bool copy_in_kernel(const OpenFile& from, const OpenFile& to, const FileStat& stat) {
  bool is_able = true;
  const auto take = [&](uint64_t begin, uint64_t end) {
    auto in = static_cast<off64_t>(begin);
    auto out = in;
    while (is_able && static_cast<uint64_t>(in) < end) {
      const ssize_t count =
          ::copy_file_range(from.fd.get(), &in, to.fd.get(), &out, end - static_cast<uint64_t>(in), 0);
      if (count > 0 || (count < 0 && errno == EINTR)) continue;
      if (count == 0) throw Error(Fault::input, fmt::format("'{}' changed while it was read", from.shown));
      const bool is_other_way_needed =
          errno == EXDEV || errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL || errno == EPERM;
      if (!is_other_way_needed) base::fail_os("copy", from.shown);
      is_able = false;
    }
  };
  each_extent(from, stat, take, [](uint64_t, uint64_t) {});
  return is_able;
}

// A larger piece makes the page cache look for as large a stretch of free memory, which it does not
// have for long: at 1 MiB most of the time went into moving pages.
std::span<char> copy_buffer() {
  constexpr size_t size = 128 * 1024;
  thread_local const auto buffer = std::make_unique<char[]>(size);
  return {buffer.get(), size};
}

void digest_zeros(crypto::Sha256& sha, uint64_t count) {
  static const std::string zeros(64 * 1024, '\0');
  while (count > 0) {
    const auto some = static_cast<size_t>(std::min<uint64_t>(count, zeros.size()));
    sha.update({zeros.data(), some});
    count -= some;
  }
}

crypto::Digest copy_through_us(const OpenFile& from, const OpenFile& to, const FileStat& stat) {
  crypto::Sha256 sha;
  const auto take = [&](uint64_t begin, uint64_t end) {
    while (begin < end) {
      const auto buffer = copy_buffer();
      const auto wanted = static_cast<size_t>(std::min<uint64_t>(end - begin, buffer.size()));
      base::read_exactly_at(from.fd, buffer.subspan(0, wanted), begin, from.shown);
      const std::string_view bytes(buffer.data(), wanted);
      sha.update(bytes);
      write_at(to, bytes, begin);
      begin += wanted;
    }
  };
  each_extent(from, stat, take, [&](uint64_t begin, uint64_t end) { digest_zeros(sha, end - begin); });
  return sha.finish();
}

// A file system that shares no blocks at all is not asked again for each file.
bool clone(const OpenFile& from, const FileStat& stat, const OpenFile& to) {
  thread_local std::optional<uint64_t> unable;
  if (unable == stat.device) return false;
  if (::ioctl(to.fd.get(), FICLONE, from.fd.get()) == 0) return true;
  if (errno == EOPNOTSUPP) unable = stat.device;
  return false;
}

void make_size(const OpenFile& file, uint64_t size) {
  if (::ftruncate(file.fd.get(), static_cast<off_t>(size)) != 0) base::fail_os("write", file.shown);
}

[[noreturn]] void fail_content(const OpenFile& from) {
  throw Error(Fault::input, fmt::format("'{}' is not what its manifest says", base::printable(from.shown)));
}

crypto::Digest checked(const OpenFile& from, const Entry& entry, const crypto::Digest& found) {
  if (entry.digest != crypto::Digest() && entry.digest != found) fail_content(from);
  return found;
}

Copied copy_content(const OpenFile& from, const OpenFile& to, const FileStat& stat, const Entry& entry,
                    StatIndex* index) {
  const auto known = index != nullptr ? index->find(identity_of(stat)) : std::nullopt;
  if (stat.size != entry.size) fail_content(from);
  if (known) checked(from, entry, *known);
  if (stat.size > 0 && clone(from, stat, to))
    return {Means::cloned, known ? *known : checked(from, entry, crypto::sha256_of(to.fd, to.shown))};
  if (has_holes(stat)) make_size(to, stat.size);
  if (known && copy_in_kernel(from, to, stat)) return {Means::copied, *known};
  return {Means::copied, checked(from, entry, copy_through_us(from, to, stat))};
}

[[noreturn]] void fail_changed(const OpenFile& from) {
  throw Error(Fault::input, fmt::format("'{}' changed while it was copied", base::printable(from.shown)),
              "stop what writes to it and try again");
}

// Where no digest is known, its time says whether it is still the file that was listed.
void require_listed(const OpenFile& from, const FileStat& stat, const Entry& entry) {
  if (entry.digest == crypto::Digest() && stat.mtime != entry.time) fail_changed(from);
}

void require_unchanged(const OpenFile& from, const FileStat& before) {
  if (identity_of(base::stat_of(from.fd, from.shown)) != identity_of(before)) fail_changed(from);
}

// Returns what the file is from then on.
FileStat set_time_and_mode(const OpenFile& file, const Entry& entry) {
  const timespec stamp{entry.time.seconds, static_cast<long>(entry.time.nanoseconds)};
  const timespec times[2] = {stamp, stamp};
  if (::futimens(file.fd.get(), times) != 0) base::fail_os("set the time of", file.shown);
  const FileStat stat = base::stat_of(file.fd, file.shown);
  if (stat.mode == entry.mode) return stat;
  if (::fchmod(file.fd.get(), entry.mode) != 0) base::fail_os("set the mode of", file.shown);
  return base::stat_of(file.fd, file.shown);
}

// Set-id bits come last: until then the file may belong to us and hold somebody else's bytes. The
// umask may have taken bits away, too. Attributes can be given only to what one may write.
OpenFile create(const Dir& dir, const TreePath& name, const Entry& entry) {
  const mode_t for_attributes = entry.attributes.empty() ? 0 : S_IWUSR;
  OpenFile file{
      Fd(base::open_beneath(dir.fd().get(), name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                            (entry.mode & 0777) | for_attributes)),
      (dir.path() / name.str()).native()};
  if (!file.fd) base::fail_os("create", file.shown);
  if (for_attributes != 0 && ::fchmod(file.fd.get(), S_IRUSR | S_IWUSR) != 0)
    base::fail_os("set the mode of", file.shown);
  return file;
}

// Only root gives files away; whoever is not root owns what he makes.
void set_owner(const Dir& dir, const TreePath& name, const Entry& entry) {
  if (entry.owner && ::geteuid() == 0) dir.set_owner(name, entry.owner->uid, entry.owner->gid);
}

bool is_ours(const Entry& entry) {
  return entry.owner && entry.owner->uid == ::geteuid() && entry.owner->gid == ::getegid();
}

// For other attributes, which its owner may have denied himself; the mode is set afterwards.
void make_writable(const Dir& dir, const TreePath& name, const Entry& entry) {
  if (::geteuid() == 0 || entry.type != FileType::regular) return;
  const auto stat = dir.stat(name);
  const bool is_closed = stat && (stat->mode & S_IWUSR) == 0;
  if (is_closed && read_attributes(dir, name) != entry.attributes) dir.set_mode(name, stat->mode | S_IWUSR);
}

// Lets the disk begin, so that the caller's sync has less to wait for. For small files it does not pay.
void begin_writing(const OpenFile& file, uint64_t size) {
  constexpr uint64_t worthwhile = 128 * 1024;
  // Only a hint: whether the bytes arrive is for the sync to say.
  if (size >= worthwhile) ::sync_file_range(file.fd.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
}

}  // namespace

Copied copy_file(const Dir& from, const TreePath& name, const Dir& to, const Entry& entry, StatIndex* index,
                 Writeback writeback) {
  const OpenFile source{from.open_file(name), (from.path() / name.str()).native()};
  const FileStat before = base::stat_of(source.fd, source.shown);
  require_listed(source, before, entry);
  OpenFile target = create(to, name, entry);
  const Copied copied = copy_content(source, target, before, entry, index);
  require_unchanged(source, before);
  if (!is_ours(entry)) set_owner(to, name, entry);
  if (!entry.attributes.empty()) write_attributes(to, name, entry.attributes);
  const FileStat made = set_time_and_mode(target, entry);
  if (index != nullptr && made.size > 0) index->add(identity_of(made), copied.digest);
  if (writeback == Writeback::now && copied.means == Means::copied) begin_writing(target, made.size);
  target.fd.close(target.shown);
  return copied;
}

void set_metadata(const Dir& dir, const TreePath& name, const Entry& entry) {
  set_owner(dir, name, entry);
  if (entry.detail == Detail::all) {
    make_writable(dir, name, entry);
    write_attributes(dir, name, entry.attributes);
  }
  if (entry.type != FileType::symlink) dir.set_mode(name, entry.mode);
  const bool is_time_told = entry.type == FileType::regular || entry.detail == Detail::all;
  if (is_time_told) dir.set_mtime(name, entry.time);
}

}  // namespace bakehouse::tree
