// A handle on a directory, through which a tree is read and written. Every path is a TreePath and
// is resolved beneath the handle, never through a link (openat2 where the kernel has it, a
// component at a time otherwise), so that a hostile tree cannot lead a write out of it.
#pragma once

#include "base/fd.hh"
#include "base/file_time.hh"
#include "base/tree_path.hh"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace bakehouse::base {

enum class FileType { regular, directory, symlink, other };

struct FileStat {
  FileType type = FileType::other;
  uint32_t mode = 0;  // permission bits with set-id and sticky, no type bits
  uint64_t size = 0;
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t links = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  FileTime mtime;
  FileTime ctime;          // changed by the kernel alone, at every change of the file or its metadata
  uint64_t allocated = 0;  // bytes on the disk: fewer than `size` where there are holes
};

FileStat stat_of(const Fd& fd, std::string_view name);

class Dir {
 public:
  // A host path: links in it are followed.
  static Dir open(const std::filesystem::path& path);
  // Creates what is missing of `path`.
  static Dir open_or_make(const std::filesystem::path& path, mode_t mode = 0777);

  const Fd& fd() const { return fd_; }
  // The host path it was opened by: for messages and for programs that need a path.
  const std::filesystem::path& path() const { return path_; }

  Dir open_dir(const TreePath& path) const;
  // nullopt where there is no directory of that name.
  std::optional<Dir> open_dir_if_any(const TreePath& path) const;
  // A regular file, or an Error; never waits for a FIFO.
  Fd open_file(const TreePath& path) const;
  std::string read_file(const TreePath& path, uint64_t limit) const;
  // nullopt where nothing has that name. A link is described itself.
  std::optional<FileStat> stat(const TreePath& path) const;
  bool exists(const TreePath& path) const { return stat(path).has_value(); }
  std::string read_link(const TreePath& path) const;
  // Without "." and "..", in byte order. Not by two threads with one handle.
  std::vector<std::string> names() const;

  // Nothing may have that name before. `mode` is exact, whatever the umask.
  Fd create_file(const TreePath& path, mode_t mode) const;
  void make_dir(const TreePath& path, mode_t mode) const;
  // Makes the missing part of `path`; what exists must be directories.
  void make_dirs(const TreePath& path, mode_t mode) const;
  void make_symlink(const std::string& target, const TreePath& path) const;
  void make_hard_link(const TreePath& existing, const TreePath& path) const;
  // Replaces `to` when that is allowed by rename(2).
  void rename(const TreePath& from, const TreePath& to) const;
  void rename_new(const TreePath& from, const TreePath& to) const;  // `to` must be free
  void exchange(const TreePath& one, const TreePath& other) const;
  void set_mode(const TreePath& path, mode_t mode) const;
  void set_mtime(const TreePath& path, FileTime time) const;
  // Of a link itself, not of what it points to.
  void set_owner(const TreePath& path, uint32_t uid, uint32_t gid) const;
  // The same of what `may` agrees to: nobody can put something else in its place in between.
  void set_owner_if(const TreePath& path, uint32_t uid, uint32_t gid,
                    const std::function<bool(const FileStat&)>& may) const;
  void remove_file(const TreePath& path) const;
  // Whatever is there, however deep and however its modes are set; nothing there is no error.
  void remove_tree(const TreePath& path) const;

  // Makes the names in this directory durable.
  void sync() const;

 private:
  Dir(Fd fd, std::filesystem::path path) : fd_(std::move(fd)), path_(std::move(path)) {}
  std::string full(const TreePath& path) const;

  Fd fd_;
  std::filesystem::path path_;
};

}  // namespace bakehouse::base
