#include "base/dir.hh"

#include "base/beneath.hh"
#include "base/encoding.hh"
#include "base/error.hh"
#include "base/list.hh"
#include "base/remove_tree.hh"

#include <cerrno>
#include <climits>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bakehouse::base {
namespace {

FileStat from_kernel(const struct stat& raw) {
  FileStat stat;
  if (S_ISREG(raw.st_mode)) stat.type = FileType::regular;
  if (S_ISDIR(raw.st_mode)) stat.type = FileType::directory;
  if (S_ISLNK(raw.st_mode)) stat.type = FileType::symlink;
  stat.mode = raw.st_mode & 07777;
  stat.size = static_cast<uint64_t>(raw.st_size);
  stat.device = raw.st_dev;
  stat.inode = raw.st_ino;
  stat.links = raw.st_nlink;
  stat.uid = raw.st_uid;
  stat.gid = raw.st_gid;
  stat.mtime = {raw.st_mtim.tv_sec, static_cast<uint32_t>(raw.st_mtim.tv_nsec)};
  stat.ctime = {raw.st_ctim.tv_sec, static_cast<uint32_t>(raw.st_ctim.tv_nsec)};
  constexpr uint64_t block = 512;  // stat's, whatever the file system's
  stat.allocated = static_cast<uint64_t>(raw.st_blocks) * block;
  return stat;
}

// The directory that holds a name, and the name: what the *at calls need that open nothing.
struct Place {
  Fd holder;  // empty: the handle itself
  int dir;
  std::string name;
};

Place place_of(int dir, const TreePath& path, std::string_view doing, std::string_view shown) {
  if (path.is_top())
    throw Error(Fault::internal,
                fmt::format("cannot {} '{}': it is the top itself", doing, printable(shown)));
  Place place{Fd(), dir, std::string(path.name())};
  const TreePath parent = path.parent();
  if (parent.is_top()) return place;
  place.holder = Fd(open_beneath(dir, parent, directory_flags));
  if (!place.holder) fail_os(doing, shown);
  place.dir = place.holder.get();
  return place;
}

}  // namespace

FileStat stat_of(const Fd& fd, std::string_view name) {
  struct stat raw {};
  if (::fstat(fd.get(), &raw) != 0) fail_os("look at", name);
  return from_kernel(raw);
}

Dir Dir::open(const std::filesystem::path& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) fail_os("open the directory", path.native());
  return {std::move(fd), path};
}

Dir Dir::open_or_make(const std::filesystem::path& path, mode_t mode) {
  // "a/b/" has "a/b" as its parent, which would then be made with the parent's mode.
  if (!path.has_filename() && path.has_relative_path()) return open_or_make(path.parent_path(), mode);
  if (::mkdir(path.c_str(), mode) != 0) {
    if (errno == ENOENT && path.has_parent_path() && path.parent_path() != path) {
      open_or_make(path.parent_path(), 0777);
      if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) fail_os("make the directory", path.native());
    } else if (errno != EEXIST) {
      fail_os("make the directory", path.native());
    }
  }
  return open(path);
}

std::string Dir::full(const TreePath& path) const {
  return path.is_top() ? path_.native() : (path_ / path.str()).native();
}

Dir Dir::open_dir(const TreePath& path) const {
  Fd fd(path.is_top() ? ::openat(fd_.get(), ".", directory_flags)
                      : open_beneath(fd_.get(), path, directory_flags));
  if (!fd) fail_os("open the directory", full(path));
  return {std::move(fd), full(path)};
}

std::optional<Dir> Dir::open_dir_if_any(const TreePath& path) const {
  if (path.is_top()) return open_dir(path);
  Fd fd(open_beneath(fd_.get(), path, directory_flags));
  if (!fd && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return std::nullopt;
  if (!fd) fail_os("open the directory", full(path));
  return Dir(std::move(fd), full(path));
}

Fd Dir::open_file(const TreePath& path) const {
  Fd fd(open_beneath(fd_.get(), path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd) fail_os("open", full(path));
  if (stat_of(fd, full(path)).type != FileType::regular) {
    throw Error(Fault::input, fmt::format("'{}' is not a regular file", printable(full(path))));
  }
  return fd;
}

std::string Dir::read_file(const TreePath& path, uint64_t limit) const {
  return read_all(open_file(path), limit, full(path));
}

std::optional<FileStat> Dir::stat(const TreePath& path) const {
  if (path.is_top()) return stat_of(fd_, full(path));
  // Any part of the path may be missing, so the parent is opened by hand here.
  const TreePath parent = path.parent();
  Fd holder;
  if (!parent.is_top()) {
    holder = Fd(open_beneath(fd_.get(), parent, O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!holder) {
      if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
      fail_os("look at", full(path));
    }
  }
  struct stat raw {};
  const int dir = holder ? holder.get() : fd_.get();
  if (::fstatat(dir, std::string(path.name()).c_str(), &raw, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return std::nullopt;
    fail_os("look at", full(path));
  }
  return from_kernel(raw);
}

std::string Dir::read_link(const TreePath& path) const {
  const auto place = place_of(fd_.get(), path, "read the link", full(path));
  char target[PATH_MAX + 1];
  const ssize_t length = ::readlinkat(place.dir, place.name.c_str(), target, sizeof target);
  if (length < 0) fail_os("read the link", full(path));
  return {target, static_cast<size_t>(length)};
}

std::vector<std::string> Dir::names() const {
  auto names = list(fd_.get());
  if (!names) fail_os("list", path_.native());
  return *std::move(names);
}

Fd Dir::create_file(const TreePath& path, mode_t mode) const {
  Fd fd(open_beneath(fd_.get(), path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) fail_os("create", full(path));
  if (::fchmod(fd.get(), mode) != 0) fail_os("set the mode of", full(path));
  return fd;
}

void Dir::make_dir(const TreePath& path, mode_t mode) const {
  const auto place = place_of(fd_.get(), path, "make the directory", full(path));
  if (::mkdirat(place.dir, place.name.c_str(), mode) != 0) fail_os("make the directory", full(path));
  set_mode(path, mode);
}

void Dir::make_dirs(const TreePath& path, mode_t mode) const {
  if (path.is_top()) return;
  if (const auto found = stat(path)) {
    if (found->type != FileType::directory) {
      throw Error(Fault::input,
                  fmt::format("'{}' is in the way: it is not a directory", printable(full(path))));
    }
    return;
  }
  make_dirs(path.parent(), mode);
  make_dir(path, mode);
}

void Dir::make_symlink(const std::string& target, const TreePath& path) const {
  const auto place = place_of(fd_.get(), path, "make the link", full(path));
  if (::symlinkat(target.c_str(), place.dir, place.name.c_str()) != 0) fail_os("make the link", full(path));
}

void Dir::make_hard_link(const TreePath& existing, const TreePath& path) const {
  const auto from = place_of(fd_.get(), existing, "link", full(existing));
  const auto to = place_of(fd_.get(), path, "link", full(path));
  if (::linkat(from.dir, from.name.c_str(), to.dir, to.name.c_str(), 0) != 0) fail_os("link", full(path));
}

namespace {

void rename_with(const Dir& dir, const TreePath& from, const TreePath& to, unsigned flags,
                 std::string_view doing) {
  const std::string shown = (dir.path() / from.str()).native();
  const auto source = place_of(dir.fd().get(), from, doing, shown);
  const auto target = place_of(dir.fd().get(), to, doing, shown);
  if (::renameat2(source.dir, source.name.c_str(), target.dir, target.name.c_str(), flags) == 0) return;
  throw os_error(errno, doing, shown).within(fmt::format("to '{}'", printable(to.str())));
}

}  // namespace

void Dir::rename(const TreePath& from, const TreePath& to) const {
  rename_with(*this, from, to, 0, "rename");
}
void Dir::rename_new(const TreePath& from, const TreePath& to) const {
  rename_with(*this, from, to, RENAME_NOREPLACE, "rename");
}
void Dir::exchange(const TreePath& one, const TreePath& other) const {
  rename_with(*this, one, other, RENAME_EXCHANGE, "exchange");
}

namespace {

// Of what its owner may not open. A descriptor made with O_PATH has no fchmod but a name in /proc.
bool set_mode_unread(int dir, const TreePath& path, mode_t mode) {
  const Fd fd(open_beneath(dir, path, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat raw {};
  if (!fd || ::fstat(fd.get(), &raw) != 0) return false;
  if (S_ISLNK(raw.st_mode)) {
    errno = ELOOP;
    return false;
  }
  return ::chmod(fmt::format("/proc/self/fd/{}", fd.get()).c_str(), mode) == 0;
}

}  // namespace

void Dir::set_mode(const TreePath& path, mode_t mode) const {
  const Fd fd(open_beneath(fd_.get(), path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (fd ? ::fchmod(fd.get(), mode) == 0 : errno == EACCES && set_mode_unread(fd_.get(), path, mode)) return;
  fail_os("set the mode of", full(path));
}

void Dir::set_mtime(const TreePath& path, FileTime time) const {
  const auto place = place_of(fd_.get(), path, "set the time of", full(path));
  const timespec stamp{time.seconds, static_cast<long>(time.nanoseconds)};
  const timespec times[2] = {stamp, stamp};
  if (::utimensat(place.dir, place.name.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
    fail_os("set the time of", full(path));
}

void Dir::set_owner(const TreePath& path, uint32_t uid, uint32_t gid) const {
  const auto place = place_of(fd_.get(), path, "set the owner of", full(path));
  if (::fchownat(place.dir, place.name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW) != 0)
    fail_os("set the owner of", full(path));
}

void Dir::set_owner_if(const TreePath& path, uint32_t uid, uint32_t gid,
                       const std::function<bool(const FileStat&)>& may) const {
  const Fd fd(open_beneath(fd_.get(), path, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) fail_os("set the owner of", full(path));
  if (may(stat_of(fd, full(path))) && ::fchownat(fd.get(), "", uid, gid, AT_EMPTY_PATH) != 0)
    fail_os("set the owner of", full(path));
}

void Dir::remove_file(const TreePath& path) const {
  const auto place = place_of(fd_.get(), path, "remove", full(path));
  if (::unlinkat(place.dir, place.name.c_str(), 0) != 0) fail_os("remove", full(path));
}

void Dir::remove_tree(const TreePath& path) const {
  if (!exists(path)) return;
  const auto place = place_of(fd_.get(), path, "remove", full(path));
  Fd holder(::openat(place.dir, ".", way_flags));
  if (!holder) fail_os("remove", full(path));
  remove_tree_in(std::move(holder), place.name, full(path));
}

void Dir::sync() const { sync_file(fd_, path_.native()); }

}  // namespace bakehouse::base
